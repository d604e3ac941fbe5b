mod arbitrary;
mod broken;
mod damage;
mod lines;
mod naive;
mod reads;
mod spelled;
mod windows;
