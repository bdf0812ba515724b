//! Prints the objects of a description from standard input, one a line.

use std::io::{Read, stdin};

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let Some(taken_at) = kubecause_transcript::describe::moment(&text) else { return Ok(()) };
    for object in kubecause_transcript::describe::read(&text, None, taken_at) {
        println!("{object}");
    }
    Ok(())
}
