//! Converts weights by hand: `convert_model MODEL.BIN VOCABULARY.TXT OUT.BIN [f16]`.
#![allow(clippy::print_stdout)]
use std::io::Write;
use voice_speech::convert::{Form, convert};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, weights, vocabulary, out, form @ ..] = arguments.as_slice() else {
        return Err("give MODEL.BIN VOCABULARY.TXT OUT.BIN [f16]".into());
    };
    let form = if form.first().is_some_and(|f| f == "f16") { Form::F16 } else { Form::Q8 };
    let mut file = std::io::BufWriter::new(std::fs::File::create(out)?);
    convert(&std::fs::read(weights)?, &std::fs::read_to_string(vocabulary)?, form, &mut file)?;
    file.flush()?;
    Ok(())
}
