//! The pages as a browser receives them, through the whole function on an embedded table.

mod fixtures;
mod guards;
mod pages;
mod states;
