//! `/v1`: what the clients of the OpenAI API call.

mod conversations;
mod models;
