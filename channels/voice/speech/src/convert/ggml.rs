//! Writing whisper.cpp's ggml file: sizes, mel filters, tokens, then the tensors.

use super::half;
use super::mel;
use super::names::{Sizes, Tensor};
use std::io::{self, Write};

/// How exactly the weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 16 bits a number.
    F16,
    /// 8 bits a number and a scale for every 32: half the size, a tenth faster, and no measured loss.
    Q8,
}

impl Form {
    /// The number of the file's form in its header; quantised ones say the edition (2) too.
    fn number(self) -> i32 {
        match self {
            Self::F16 => 1,
            Self::Q8 => 2_007,
        }
    }
}

/// ggml's numbers of the kinds of tensor.
const F32: i32 = 0;
const F16: i32 = 1;
const Q8_0: i32 = 8;

pub(super) fn write_header(out: &mut impl Write, sizes: &Sizes, form: Form, filters: &[f32], tokens: &[Vec<u8>]) -> io::Result<()> {
    out.write_all(&0x6767_6d6cu32.to_le_bytes())?;
    let s = sizes;
    let numbers = [
        s.vocabulary,
        s.audio_context,
        s.audio_width,
        s.audio_heads,
        s.audio_layers,
        s.text_context,
        s.text_width,
        s.text_heads,
        s.text_layers,
        s.mels,
    ];
    for number in numbers {
        out.write_all(&(number as i32).to_le_bytes())?;
    }
    out.write_all(&form.number().to_le_bytes())?;
    for number in [sizes.mels, mel::LINES] {
        out.write_all(&(number as i32).to_le_bytes())?;
    }
    for weight in filters {
        out.write_all(&weight.to_le_bytes())?;
    }
    out.write_all(&(tokens.len() as i32).to_le_bytes())?;
    for token in tokens {
        out.write_all(&(token.len() as i32).to_le_bytes())?;
        out.write_all(token)?;
    }
    Ok(())
}

/// Vectors, the biases of the convolutions and the places stay exact; matrices take the file's form.
pub(super) fn write_tensor(out: &mut impl Write, tensor: &Tensor, form: Form) -> io::Result<()> {
    let exact = tensor.shape.len() < 2 || tensor.shape.last() == Some(&1) || tensor.name.ends_with("positional_embedding");
    let kind = match form {
        _ if exact => F32,
        Form::Q8 if tensor.shape.len() == 2 => Q8_0,
        _ => F16,
    };
    for number in [tensor.shape.len() as i32, tensor.name.len() as i32, kind] {
        out.write_all(&number.to_le_bytes())?;
    }
    for size in tensor.shape.iter().rev() {
        out.write_all(&(*size as i32).to_le_bytes())?;
    }
    out.write_all(tensor.name.as_bytes())?;
    let bytes: Vec<u8> = match kind {
        F32 => tensor.numbers.iter().flat_map(|n| n.to_le_bytes()).collect(),
        F16 => tensor.numbers.iter().flat_map(|n| half::narrow(*n).to_le_bytes()).collect(),
        _ => tensor.numbers.chunks(32).flat_map(q8_0).collect(),
    };
    out.write_all(&bytes)
}

/// A block of 32 numbers: the scale as binary16, then a signed byte each.
fn q8_0(block: &[f32]) -> [u8; 34] {
    let largest = block.iter().fold(0f32, |a, n| a.max(n.abs()));
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut out = [0; 34];
    out[..2].copy_from_slice(&half::narrow(scale).to_le_bytes());
    for (byte, number) in out[2..].iter_mut().zip(block) {
        *byte = (number * inverse).round() as i8 as u8;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_keeps_its_numbers_to_half_a_step() {
        let block: Vec<f32> = (0..32).map(|n| (n as f32 - 11.0) * 0.013).collect();
        let bytes = q8_0(&block);
        let scale = half::widen(u16::from_le_bytes([bytes[0], bytes[1]]));
        for (byte, number) in bytes[2..].iter().zip(&block) {
            assert!((f32::from(*byte as i8) * scale - number).abs() <= scale * 0.51);
        }
        assert_eq!(q8_0(&[0.0; 32]), [0; 34]);
    }
}
