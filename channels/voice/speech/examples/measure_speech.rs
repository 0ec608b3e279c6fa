//! Measures the settings: `measure_speech MODEL [whole|fitting|POSITIONS|+MARGIN_MS] [CLIPS] [SHORTEST LONGEST]`
//! prints word error rate and CPU-s a clip for clips of Debian's asterisk-core-sounds-en-wav; `JOIN=20` in the environment joins clips to 20 s and more, `VERBOSE=1` shows
//! what was heard wrong.
#![allow(clippy::print_stdout)]
use std::time::Duration;
use voice_speech::doctor::{Material, Sample, measure};
use voice_speech::{AudioContext, WhisperConfig, WhisperPool};

/// Clips one after the other, half a second apart, until each is at least so long: nearer to how
/// people tell their matter.
fn joined(samples: Vec<Sample>, seconds: f32) -> Vec<Sample> {
    let mut all: Vec<Sample> = Vec::new();
    for sample in samples {
        match all.last_mut().filter(|last| last.sound.duration().as_secs_f32() < seconds) {
            Some(last) => {
                last.text = format!("{} {}", last.text, sample.text);
                last.sound.samples.extend(std::iter::repeat_n(0, last.sound.rate as usize / 2));
                last.sound.samples.extend(sample.sound.samples);
            }
            None => all.push(sample),
        }
    }
    all
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |n: usize, default: &'static str| arguments.get(n).map_or(default, String::as_str).to_owned();
    let audio_context = match argument(1, "fitting").as_str() {
        "whole" => AudioContext::Whole,
        "fitting" => AudioContext::Fitting,
        margin if margin.starts_with('+') => AudioContext::Margin(margin[1..].parse()?),
        positions => AudioContext::Fixed(positions.parse()?),
    };
    let (clips, shortest, longest): (usize, f32, f32) = (argument(2, "60").parse()?, argument(3, "0").parse()?, argument(4, "30").parse()?);
    let config = WhisperConfig { audio_context, workers: Some(1), niceness: 0, ..WhisperConfig::new(argument(0, "model.bin")) };
    let pool = WhisperPool::start(config)?;
    let mut material = Material::debian_english(4).ok_or("install asterisk-core-sounds-en-wav")?;
    material.samples.retain(|s| (shortest..longest).contains(&s.sound.duration().as_secs_f32()));
    if let Some(seconds) = std::env::var("JOIN").ok().and_then(|s| s.parse::<f32>().ok()) {
        material.samples = joined(material.samples, seconds);
    }
    let material = material.thinned(clips);
    let mut slowest = Duration::ZERO;
    let verbose = std::env::var_os("VERBOSE").is_some();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let finding = runtime.block_on(measure(&pool, &material, |sample, heard, errors| {
        if let Ok(heard) = heard {
            slowest = slowest.max(heard.cpu);
            if verbose && (errors.wrong > 0 || !heard.reliable) {
                println!(
                    "{} of {}: {:?} heard as {:?} {:?} {:.2}",
                    errors.wrong, errors.said, sample.text, heard.text, heard.why_unreliable, heard.confidence
                );
            }
        }
    }));
    println!("{audio_context:?}: {finding}; slowest {:.2} CPU-s", slowest.as_secs_f32());
    Ok(())
}
