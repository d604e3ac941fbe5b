mod crash;
mod damage;
mod fixture;
mod identity;
mod import_bounds;
mod poison;
mod rotation;
mod stopping;
