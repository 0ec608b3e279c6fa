//! Fetches the speech model: `fetch_model [DIRECTORY]`.
#![allow(clippy::print_stdout)]
use voice_speech::fetch::{default_directory, fetch};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let into = std::env::args_os().nth(1).map(Into::into).or_else(default_directory).ok_or("give a directory")?;
    fetch(&into, |line| println!("{line}")).await?;
    Ok(())
}
