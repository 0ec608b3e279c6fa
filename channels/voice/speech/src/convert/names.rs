//! What CTranslate2 calls a tensor and what Whisper's own checkpoints call it.

use super::ConvertError;
use super::ct2::Variable;
use std::collections::HashMap;

/// The sizes in the header of a ggml file.
pub(super) struct Sizes {
    pub vocabulary: usize,
    pub audio_context: usize,
    pub audio_width: usize,
    pub audio_heads: usize,
    pub audio_layers: usize,
    pub text_context: usize,
    pub text_width: usize,
    pub text_heads: usize,
    pub text_layers: usize,
    pub mels: usize,
}

/// A tensor under its Whisper name, rows first.
pub(super) struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub numbers: Vec<f32>,
}

type Variables<'a> = HashMap<&'a str, Variable<'a>>;

pub(super) fn sizes(variables: &Variables<'_>) -> Result<Sizes, ConvertError> {
    let shape = |name: &str, rank: usize| {
        let variable = find(variables, name)?;
        if variable.rank == rank {
            Ok(variable.shape)
        } else {
            Err(ConvertError::input(format!("{name} has {} dimensions, not {rank}", variable.rank)))
        }
    };
    let [vocabulary, text_width, ..] = shape("decoder/embeddings/weight", 2)?;
    let [audio_context, audio_width, ..] = shape("encoder/position_encodings/encodings", 2)?;
    let [text_context, ..] = shape("decoder/position_encodings/encodings", 2)?;
    let [_, mels, ..] = shape("encoder/conv1/weight", 3)?;
    let heads = |side: &str, width: usize| {
        let told = variables.get(format!("{side}/num_heads").as_str()).and_then(Variable::integer);
        told.and_then(|n| usize::try_from(n).ok()).unwrap_or(width / 64)
    };
    let layers =
        |side: &str| (0..).take_while(|n| variables.contains_key(format!("{side}/layer_{n}/ffn/linear_0/weight").as_str())).count();
    if !(51_865..=51_866).contains(&vocabulary) {
        return Err(ConvertError::input("it is not a multilingual Whisper"));
    }
    Ok(Sizes {
        vocabulary,
        audio_context,
        audio_width,
        audio_heads: heads("encoder", audio_width),
        audio_layers: layers("encoder"),
        text_context,
        text_width,
        text_heads: heads("decoder", text_width),
        text_layers: layers("decoder"),
        mels,
    })
}

/// Every tensor, in the order of the published checkpoints.
pub(super) fn tensors(variables: &Variables<'_>, sizes: &Sizes) -> Result<Vec<Tensor>, ConvertError> {
    let mut list = List { variables, tensors: Vec::new() };
    list.plain("encoder.positional_embedding", "encoder/position_encodings/encodings")?;
    for conv in ["conv1", "conv2"] {
        list.plain(&format!("encoder.{conv}.weight"), &format!("encoder/{conv}/weight"))?;
        list.plain(&format!("encoder.{conv}.bias"), &format!("encoder/{conv}/bias"))?;
        // One number a channel, each its own row.
        if let Some(bias) = list.tensors.last_mut() {
            bias.shape.push(1);
        }
    }
    for n in 0..sizes.audio_layers {
        list.layer("encoder", n)?;
    }
    list.norm("encoder.ln_post", "encoder/layer_norm")?;
    list.plain("decoder.positional_embedding", "decoder/position_encodings/encodings")?;
    list.plain("decoder.token_embedding.weight", "decoder/embeddings/weight")?;
    for n in 0..sizes.text_layers {
        list.layer("decoder", n)?;
    }
    list.norm("decoder.ln", "decoder/layer_norm")?;
    Ok(list.tensors)
}

struct List<'a> {
    variables: &'a Variables<'a>,
    tensors: Vec<Tensor>,
}

impl List<'_> {
    fn layer(&mut self, side: &str, n: usize) -> Result<(), ConvertError> {
        let (from, to) = (format!("{side}/layer_{n}"), format!("{side}.blocks.{n}"));
        self.split(&format!("{to}.attn"), &["query", "key", "value"], &format!("{from}/self_attention/linear_0"))?;
        self.linear(&format!("{to}.attn.out"), &format!("{from}/self_attention/linear_1"))?;
        self.norm(&format!("{to}.attn_ln"), &format!("{from}/self_attention/layer_norm"))?;
        if side == "decoder" {
            self.linear(&format!("{to}.cross_attn.query"), &format!("{from}/attention/linear_0"))?;
            self.split(&format!("{to}.cross_attn"), &["key", "value"], &format!("{from}/attention/linear_1"))?;
            self.linear(&format!("{to}.cross_attn.out"), &format!("{from}/attention/linear_2"))?;
            self.norm(&format!("{to}.cross_attn_ln"), &format!("{from}/attention/layer_norm"))?;
        }
        self.linear(&format!("{to}.mlp.0"), &format!("{from}/ffn/linear_0"))?;
        self.linear(&format!("{to}.mlp.2"), &format!("{from}/ffn/linear_1"))?;
        self.norm(&format!("{to}.mlp_ln"), &format!("{from}/ffn/layer_norm"))
    }

    fn plain(&mut self, to: &str, from: &str) -> Result<(), ConvertError> {
        let variable = find(self.variables, from)?;
        let numbers = variable.floats().map_err(|e| ConvertError::input(format!("{from}: {e}")))?;
        self.tensors.push(Tensor { name: to.to_owned(), shape: variable.shape().to_vec(), numbers });
        Ok(())
    }

    fn linear(&mut self, to: &str, from: &str) -> Result<(), ConvertError> {
        self.plain(&format!("{to}.weight"), &format!("{from}/weight"))?;
        self.plain(&format!("{to}.bias"), &format!("{from}/bias"))
    }

    fn norm(&mut self, to: &str, from: &str) -> Result<(), ConvertError> {
        self.plain(&format!("{to}.weight"), &format!("{from}/gamma"))?;
        self.plain(&format!("{to}.bias"), &format!("{from}/beta"))
    }

    /// CTranslate2 lays the projections of an attention in one matrix. Whisper's keys have no
    /// bias; zeros stand in for it there.
    fn split(&mut self, to: &str, parts: &[&str], from: &str) -> Result<(), ConvertError> {
        let (weight, bias) = (find(self.variables, &format!("{from}/weight"))?, find(self.variables, &format!("{from}/bias"))?);
        let (rows, width) = (weight.shape[0] / parts.len(), weight.shape[1]);
        let (weights, biases) = (weight.floats()?, bias.floats()?);
        if weight.rank != 2 || rows * parts.len() != weight.shape[0] || biases.len() != weight.shape[0] {
            return Err(ConvertError::input(format!("{from} has an unexpected shape")));
        }
        for (n, part) in parts.iter().enumerate() {
            let numbers = weights[n * rows * width..(n + 1) * rows * width].to_vec();
            self.tensors.push(Tensor { name: format!("{to}.{part}.weight"), shape: vec![rows, width], numbers });
            let numbers = biases[n * rows..(n + 1) * rows].to_vec();
            if *part != "key" {
                self.tensors.push(Tensor { name: format!("{to}.{part}.bias"), shape: vec![rows], numbers });
            } else if numbers.iter().any(|b| *b != 0.0) {
                return Err(ConvertError::input(format!("{from}: its keys have a bias")));
            }
        }
        Ok(())
    }
}

fn find<'a>(variables: &Variables<'a>, name: &str) -> Result<Variable<'a>, ConvertError> {
    variables.get(name).copied().ok_or_else(|| ConvertError::input(format!("{name} is missing")))
}
