//! `daak simulate`: a made-up day on the floor, to see how many agents it takes.

use super::{Place, say};
use crate::simulation::{Plan, day};
use anyhow::Context;
use clap::{Args, Subcommand};
use daak_domain::queue::QueueConfig;
use std::process::ExitCode;
use std::time::Duration;

/// Arguments of `daak simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A whole day in fake time: the first minute's rush, a flood at 11:20, rests, callbacks
    Day {
        /// The same seed makes the same day
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// 1 is 9,000 calls and 60 agents
        #[arg(long, default_value_t = 1.0)]
        scale: f64,
        /// Queue of the configuration whose rules hold; the first where left out
        #[arg(long)]
        queue: Option<String>,
    },
}

impl Simulate {
    /// Runs the day and prints what it came to.
    ///
    /// # Errors
    /// A queue that is not configured; a scale that makes no day.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        let What::Day { seed, scale, queue } = self.what;
        anyhow::ensure!((0.01..=50.0).contains(&scale), "--scale: expected 0.01 to 50");
        let rules = match &queue {
            Some(name) => {
                config.queues.iter().find(|q| q.name == *name).with_context(|| format!("there is no queue {name:?}: see [[queues]]"))?
            }
            None => config.queues.first().context("no queue is configured: add [[queues]]")?,
        };
        let seconds = |s: u32| Duration::from_secs(s.into());
        let queue = QueueConfig {
            name: rules.name.clone(),
            ring_for: seconds(rules.ring_s),
            wrap_up: seconds(rules.wrap_up_s),
            most: usize::try_from(rules.max_waiting).unwrap_or(usize::MAX),
            longest_wait: (rules.max_wait_s > 0).then(|| seconds(rules.max_wait_s)),
            tell_place_every: (rules.tell_place_every_s > 0).then(|| seconds(rules.tell_place_every_s)),
            needs_agents: true,
        };
        let plan = Plan { seed, scale, queue, goal_s: rules.answer_goal_s.into() };
        let report = tokio::task::spawn_blocking(move || day(&plan)).await?;
        say(&report.to_string());
        Ok(ExitCode::SUCCESS)
    }
}
