//! Compares the pool with whisper-rs called directly, in one run, with the same settings and
//! clips, turn about: `bench_speech [MODEL] [CLIPS]` prints one line of JSON.
#![allow(clippy::print_stdout)]
use daak_domain::language::Language;
use std::time::{Duration, Instant};
use voice_speech::doctor::{Material, Sample, word_errors};
use voice_speech::fetch::{MODEL_FILE, default_directory};
use voice_speech::{AudioContext, Recogniser, WhisperConfig, WhisperPool};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState};

#[derive(Default)]
struct Sum {
    wall: Duration,
    cpu: Duration,
    wrong: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().map(Into::into).or_else(|| default_directory().map(|d| d.join(MODEL_FILE))).ok_or("give a model")?;
    let clips: usize = arguments.next().map_or(Ok(10), |n| n.parse())?;
    let material = Material::debian_english(6).ok_or("install asterisk-core-sounds-en-wav and asterisk-core-sounds-en")?;
    let samples: Vec<Sample> = material.samples.into_iter().filter(|s| s.sound.duration().as_secs() < 12).collect();
    let step = samples.len().div_ceil(clips.max(1)).max(1);
    let samples: Vec<Sample> = samples.into_iter().step_by(step).collect();

    whisper_rs::install_logging_hooks();
    let context = WhisperContext::new_with_params(&model, WhisperContextParameters::default())?;
    let mut state = context.create_state()?;
    // The whole window on both sides: what is compared is the way to whisper.cpp, not the setting.
    let config = WhisperConfig { workers: Some(1), niceness: 0, audio_context: AudioContext::Whole, ..WhisperConfig::new(&model) };
    let fitting = WhisperPool::start(WhisperConfig { audio_context: AudioContext::Fitting, ..config.clone() })?;
    let pool = WhisperPool::start(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut direct, mut pooled, mut fitted, mut said) = (Sum::default(), Sum::default(), Sum::default(), 0);
    for sample in &samples {
        said += word_errors(&sample.text, "").said;
        add_direct(&mut direct, &mut state, sample)?;
        runtime.block_on(add_pool(&mut pooled, &pool, sample))?;
        runtime.block_on(add_pool(&mut fitted, &fitting, sample))?;
    }
    let line = |name: &str, sum: &Sum| {
        let each = |d: Duration| d.as_secs_f64() / samples.len() as f64;
        format!(
            "\"{name}\":{{\"cpu_s_a_clip\":{:.3},\"wall_s_a_clip\":{:.3},\"wer\":{:.4}}}",
            each(sum.cpu),
            each(sum.wall),
            sum.wrong as f64 / said as f64
        )
    };
    println!(
        "{{\"bench\":\"speech\",\"clips\":{},{},{},{}}}",
        samples.len(),
        line("whisper_rs_direct", &direct),
        line("pool_same_settings", &pooled),
        line("pool_as_shipped", &fitted)
    );
    Ok(())
}

fn add_direct(sum: &mut Sum, state: &mut WhisperState, sample: &Sample) -> Result<(), Box<dyn std::error::Error>> {
    let sound = sample.sound.resampled(16_000)?;
    let (wall, cpu) = (Instant::now(), cpu_time());
    let samples: Vec<f32> = sound.samples.iter().map(|s| f32::from(*s) / 32768.0).collect();
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_n_threads(1);
    parameters.set_language(Some("en"));
    parameters.set_no_context(true);
    parameters.set_temperature_inc(0.0);
    parameters.set_suppress_nst(true);
    parameters.set_token_timestamps(true);
    parameters.set_print_progress(false);
    state.full(parameters, &samples)?;
    let text: String = state.as_iter().map(|s| s.to_str_lossy().unwrap_or_default().into_owned()).collect();
    *sum = Sum {
        wall: sum.wall + wall.elapsed(),
        cpu: sum.cpu + cpu_time().saturating_sub(cpu),
        wrong: sum.wrong + word_errors(&sample.text, &text).wrong,
    };
    Ok(())
}

async fn add_pool(sum: &mut Sum, pool: &WhisperPool, sample: &Sample) -> Result<(), Box<dyn std::error::Error>> {
    let wall = Instant::now();
    let heard = pool.recognise(sample.sound.samples.as_slice().into(), sample.sound.rate, Language::En).await?;
    *sum =
        Sum { wall: sum.wall + wall.elapsed(), cpu: sum.cpu + heard.cpu, wrong: sum.wrong + word_errors(&sample.text, &heard.text).wrong };
    Ok(())
}

/// Processor time of this thread.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to the structure, which lives through it.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } != 0;
    if failed { Duration::ZERO } else { Duration::new(time.tv_sec as u64, time.tv_nsec as u32) }
}
