//! The pages as a browser receives them, through the whole function on an embedded table.

mod fixtures;
mod guards;
mod links;
mod pages;
mod states;
mod ways;
