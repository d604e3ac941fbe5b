mod crash;
mod damage;
mod fixture;
mod poison;
mod rotation;
