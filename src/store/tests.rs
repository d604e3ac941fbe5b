mod crash;
mod damage;
mod fixture;
mod identity;
mod poison;
mod rotation;
