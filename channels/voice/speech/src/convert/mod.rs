//! Makes the model file that whisper.cpp loads (ggml) out of published weights of Whisper in
//! CTranslate2's form. Nothing of the packages that carry the weights is run.

mod ct2;
mod ggml;
mod half;
mod mel;
mod names;
mod vocabulary;

pub use ggml::Form;

use std::io::Write;

/// Why weights could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The input is not what it should be.
    #[error("the weights cannot be converted: {0}")]
    Input(String),
    /// The output could not be written.
    #[error("the model cannot be written: {0}; is the disk full?")]
    Output(#[from] std::io::Error),
}

impl ConvertError {
    fn input(why: impl Into<String>) -> Self {
        Self::Input(why.into())
    }
}

/// Converts a CTranslate2 `model.bin` of a multilingual Whisper with its `vocabulary.txt`.
///
/// # Errors
/// [`ConvertError::Input`] if either is cut short or of another kind; [`ConvertError::Output`] from the disk.
pub fn convert(weights: &[u8], vocabulary: &str, form: Form, out: &mut impl Write) -> Result<(), ConvertError> {
    let variables = ct2::read(weights)?;
    let tokens = vocabulary::tokens(vocabulary)?;
    let sizes = names::sizes(&variables)?;
    ggml::write_header(out, &sizes, form, &mel::filters(sizes.mels), &tokens)?;
    for tensor in names::tensors(&variables, &sizes)? {
        ggml::write_tensor(out, &tensor, form)?;
    }
    Ok(())
}
