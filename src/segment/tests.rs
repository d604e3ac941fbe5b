mod arbitrary;
mod damage;
mod lines;
mod naive;
mod reads;
mod windows;
