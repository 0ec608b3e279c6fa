//! A model file of Whisper's shape with random weights: whisper.cpp loads and runs it, and what it
//! writes is noise. The plumbing can be tested with it on any machine, with nobody's weights.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

const VOCABULARY: usize = 51_865;
const TEXT_TOKENS: usize = 50_257;
const WIDTH: usize = 64;
const LAYERS: usize = 4;
const MELS: usize = 80;
const AUDIO_CONTEXT: usize = 1_500;
const TEXT_CONTEXT: usize = 448;
const LINES: usize = 201;

/// Writes the model as `tiny.bin` into a directory (9 MB, the same bytes each time) and gives its path.
///
/// # Errors
/// The disk's own.
pub fn tiny_whisper(dir: &Path) -> io::Result<PathBuf> {
    let path = dir.join("tiny.bin");
    let mut model = Model { out: BufWriter::new(std::fs::File::create(&path)?), random: 0x2545_f491_4f6c_dd1d };
    model.header()?;
    for (name, shape) in shapes() {
        model.tensor(&name, &shape)?;
    }
    model.out.flush()?;
    Ok(path)
}

struct Model<W> {
    out: W,
    random: u64,
}

impl<W: Write> Model<W> {
    fn header(&mut self) -> io::Result<()> {
        let sizes = [VOCABULARY, AUDIO_CONTEXT, WIDTH, 1, LAYERS, TEXT_CONTEXT, WIDTH, 1, LAYERS, MELS, 1, MELS, LINES];
        self.out.write_all(&0x6767_6d6cu32.to_le_bytes())?;
        self.integers(&sizes)?;
        for _ in 0..MELS * LINES {
            let weight = self.number().abs();
            self.out.write_all(&weight.to_le_bytes())?;
        }
        self.integers(&[TEXT_TOKENS])?;
        for n in 0..TEXT_TOKENS {
            let token = if let Ok(byte) = u8::try_from(n) { vec![byte] } else { format!(" w{n}").into_bytes() };
            self.integers(&[token.len()])?;
            self.out.write_all(&token)?;
        }
        Ok(())
    }

    /// Matrices as binary16, all else as binary32.
    fn tensor(&mut self, name: &str, shape: &[usize]) -> io::Result<()> {
        let exact = shape.len() < 2 || shape.last() == Some(&1) || name.ends_with("positional_embedding");
        self.integers(&[shape.len(), name.len(), usize::from(!exact)])?;
        let reversed: Vec<usize> = shape.iter().rev().copied().collect();
        self.integers(&reversed)?;
        self.out.write_all(name.as_bytes())?;
        for _ in 0..shape.iter().product() {
            let number = self.number();
            if exact { self.out.write_all(&number.to_le_bytes())? } else { self.out.write_all(&half(number).to_le_bytes())? }
        }
        Ok(())
    }

    fn integers(&mut self, numbers: &[usize]) -> io::Result<()> {
        numbers.iter().try_for_each(|n| self.out.write_all(&(*n as i32).to_le_bytes()))
    }

    /// Between -0.1 and 0.1 (xorshift64*, Vigna 2016).
    fn number(&mut self) -> f32 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let bits = self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40;
        (bits as f32 / (1u64 << 24) as f32 - 0.5) * 0.2
    }
}

/// Binary16 of a number of small magnitude, cut rather than rounded.
fn half(number: f32) -> u16 {
    let bits = number.to_bits();
    let exponent = (bits >> 23 & 0xff) as i32 - 112;
    let sign = (bits >> 16 & 0x8000) as u16;
    if exponent <= 0 { sign } else { sign | (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16 }
}

fn shapes() -> Vec<(String, Vec<usize>)> {
    let named = |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec());
    let mut all = vec![
        named("encoder.positional_embedding", &[AUDIO_CONTEXT, WIDTH]),
        named("encoder.conv1.weight", &[WIDTH, MELS, 3]),
        named("encoder.conv1.bias", &[WIDTH, 1]),
        named("encoder.conv2.weight", &[WIDTH, WIDTH, 3]),
        named("encoder.conv2.bias", &[WIDTH, 1]),
        named("encoder.ln_post.weight", &[WIDTH]),
        named("encoder.ln_post.bias", &[WIDTH]),
        named("decoder.positional_embedding", &[TEXT_CONTEXT, WIDTH]),
        named("decoder.token_embedding.weight", &[VOCABULARY, WIDTH]),
        named("decoder.ln.weight", &[WIDTH]),
        named("decoder.ln.bias", &[WIDTH]),
    ];
    for n in 0..LAYERS {
        block(&mut all, &format!("encoder.blocks.{n}"), &["attn"]);
        block(&mut all, &format!("decoder.blocks.{n}"), &["attn", "cross_attn"]);
    }
    all
}

fn block(all: &mut Vec<(String, Vec<usize>)>, name: &str, attentions: &[&str]) {
    let mut linear = |part: String, rows: usize, columns: usize, bias: bool| {
        all.push((format!("{name}.{part}.weight"), vec![rows, columns]));
        if bias {
            all.push((format!("{name}.{part}.bias"), vec![rows]));
        }
    };
    for attention in attentions {
        for part in ["query", "key", "value", "out"] {
            linear(format!("{attention}.{part}"), WIDTH, WIDTH, part != "key");
        }
    }
    linear("mlp.0".to_owned(), 4 * WIDTH, WIDTH, true);
    linear("mlp.2".to_owned(), WIDTH, 4 * WIDTH, true);
    for norm in attentions.iter().map(|a| format!("{a}_ln")).chain(["mlp_ln".to_owned()]) {
        all.push((format!("{name}.{norm}.weight"), vec![WIDTH]));
        all.push((format!("{name}.{norm}.bias"), vec![WIDTH]));
    }
}
