//! SQL over real stores, compared with a model that is nothing but a list of rows.

mod command;
mod data;
mod filters;
mod functions;
mod model;
mod plans;
mod queries;
mod running;
