mod arbitrary;
mod damage;
mod naive;
mod reads;
mod windows;
