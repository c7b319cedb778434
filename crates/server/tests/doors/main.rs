//! Every door, on a real engine beside a real repository: what it lets in, what it turns away, and in which words.

mod acts;
mod api;
mod events;
mod gate;
mod git;
mod mcp;
mod openapi;
mod pages;
mod runners;
mod support;
mod view;
mod walls;
mod webhook;
