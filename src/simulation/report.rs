//! What a day came to.

use std::fmt;
use std::time::Duration;

/// What a day came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Calls that came.
    pub calls: usize,
    /// Of these, callers who asked for a person.
    pub asked: usize,
    /// Callers who spoke with a person, callbacks among them.
    pub answered: usize,
    /// Of these, those who were called back.
    pub called_back: usize,
    /// Hung up while waiting.
    pub abandoned: usize,
    /// Were sent back to the flow, to speak after the tone.
    pub sent_away: usize,
    /// Were to be called back and were not reached.
    pub not_reached: usize,
    /// Still waited, or were still to be called back, when the day was over.
    pub left_over: usize,
    /// Seconds within which a caller should be answered.
    pub goal_s: u64,
    /// Waits of those who were answered without a callback, in seconds, ascending.
    pub waits: Vec<f64>,
    /// Waits of emergencies, in seconds, ascending.
    pub emergency_waits: Vec<f64>,
    /// Most callers who waited at once.
    pub longest_line: usize,
    /// Time that agents talked or finished a ticket, of the time they were there.
    pub occupancy: f64,
    /// Agents.
    pub agents: usize,
    /// Times that one caller would have had two agents, or one agent two callers. Never anything but 0.
    pub doubled: usize,
    /// How long the simulation took.
    pub took: Duration,
}

impl Report {
    /// Share of those who asked for a person and were answered within the goal, of those answered or lost.
    pub fn service_level(&self) -> f64 {
        let goal = self.goal_s as f64;
        let within = self.waits.iter().filter(|wait| **wait <= goal).count();
        share(within, self.waits.len() + self.abandoned)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part: usize| 100.0 * share(part, self.asked);
        writeln!(f, "calls            {}, of which {} asked for one of {} agents", self.calls, self.asked, self.agents)?;
        writeln!(f, "answered         {} ({:.1} %), {} of them by callback", self.answered, percent(self.answered), self.called_back)?;
        writeln!(f, "abandoned        {} ({:.1} %)", self.abandoned, percent(self.abandoned))?;
        writeln!(f, "to the recorder  {} ({:.1} %)", self.sent_away, percent(self.sent_away))?;
        writeln!(f, "not reached      {} callbacks; {} left over at closing time", self.not_reached, self.left_over)?;
        writeln!(f, "service level    {:.1} % answered within {} s", 100.0 * self.service_level(), self.goal_s)?;
        writeln!(f, "wait             {}", quantiles(&self.waits))?;
        writeln!(f, "emergencies      {} answered; wait {}", self.emergency_waits.len(), quantiles(&self.emergency_waits))?;
        writeln!(f, "longest line     {} callers", self.longest_line)?;
        writeln!(f, "occupancy        {:.0} %", 100.0 * self.occupancy)?;
        write!(f, "one caller, two agents: {} times; simulated in {:.1} s", self.doubled, self.took.as_secs_f64())
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn quantiles(sorted: &[f64]) -> String {
    let at = |share: f64| {
        let place = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(place).copied().unwrap_or_default()
    };
    let mean = if sorted.is_empty() { 0.0 } else { sorted.iter().sum::<f64>() / sorted.len() as f64 };
    format!("mean {mean:.0} s, half {:.0} s, 90 % {:.0} s, longest {:.0} s", at(0.5), at(0.9), at(1.0))
}
