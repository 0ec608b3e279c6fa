//! `daak flow`: proves the flows of the telephone complete, walks one in the terminal, draws one.

use super::{Place, say};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use daak_domain::Timestamp;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use voice_ivr::{Flows, Script, mermaid, svg, walk};

/// Arguments of `daak flow`.
#[derive(Debug, Args)]
pub struct FlowCommand {
    #[command(subcommand)]
    act: FlowAct,
}

#[derive(Debug, Subcommand)]
enum FlowAct {
    /// Prove that no flow of a folder has a dead end, in any language
    Check {
        /// Folder with the flows; the configured one where left out
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Walk a flow in the terminal: what the caller hears and does, in order
    Run(Walk),
    /// Draw a flow, in the language of Mermaid
    Draw {
        /// The flow, such as ivr-flows/helpline.yaml
        file: PathBuf,
        /// As an SVG, which any browser shows
        #[arg(long)]
        svg: bool,
    },
}

#[derive(Debug, Args)]
struct Walk {
    /// The flow, such as ivr-flows/helpline.yaml
    file: PathBuf,
    /// What the caller says after the tone; once for each recording
    #[arg(long, value_name = "WORDS")]
    say: Vec<String>,
    /// What the caller presses, in order: single keys, or several such as 6123456789#
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    press: Vec<String>,
    /// The lines are closed
    #[arg(long)]
    closed: bool,
    /// Speech recognition is not trusted, or down
    #[arg(long)]
    no_speech: bool,
}

impl FlowCommand {
    /// Checks, walks or draws.
    ///
    /// # Errors
    /// Every mistake of the flows, each with its file and line.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        match self.act {
            FlowAct::Check { folder } => {
                let folder = match folder {
                    Some(folder) => folder,
                    None => place.config()?.voice.flows,
                };
                check(&folder)
            }
            FlowAct::Run(walk) => walk.run(),
            FlowAct::Draw { file, svg: as_svg } => {
                let (flows, name) = flow_of(&file)?;
                let flow = flows.flows.get(&name).with_context(|| format!("there is no flow {name:?} in its folder"))?;
                say(if as_svg { svg(flow) } else { mermaid(flow) }.trim_end());
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn check(folder: &Path) -> anyhow::Result<ExitCode> {
    match Flows::load(folder) {
        Ok(flows) => {
            for flow in flows.flows.values() {
                say(&format!("{:<20} {} steps: complete  ({})", flow.name, flow.steps.len(), flow.about));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            for error in &errors {
                say(&error.to_string());
            }
            say(&format!("{} mistakes in {}", errors.len(), folder.display()));
            Ok(ExitCode::FAILURE)
        }
    }
}

impl Walk {
    fn run(self) -> anyhow::Result<ExitCode> {
        let (flows, name) = flow_of(&self.file)?;
        let script = Script { say: self.say, press: self.press, open: !self.closed, recognition: !self.no_speech, now: Timestamp::now() };
        say(walk(&Arc::new(flows), &name, &script).trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

/// The flows of the file's folder, and the name of the one in the file.
fn flow_of(file: &Path) -> anyhow::Result<(Flows, String)> {
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flows =
        Flows::load(folder).map_err(|errors| anyhow::anyhow!(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    if !flows.contains(&name) {
        let known = flows.flows.keys().cloned().collect::<Vec<_>>().join(", ");
        bail!("there is no flow {name:?} in {}: there are {known}", folder.display());
    }
    Ok((flows, name))
}
