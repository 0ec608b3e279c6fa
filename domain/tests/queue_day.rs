//! A whole day of the helpline in a second: 9,000 calls, 60 agents, two peaks, people who lose patience, telephones nobody picks up.

mod floor_world;

use daak_domain::call::{AgentId, CallId, LeftQueue, OfferFailure};
use daak_domain::queue::{Distributor, Order};
use floor_world::{arrival, at, call, floor};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const CALLS: u128 = 9_000;
const AGENTS: usize = 60;
/// 10:00 to 18:00.
const OPEN_MS: i64 = 8 * 3_600_000;

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Calls,
    LosesPatience,
    Picks(AgentId),
    LetsRing(AgentId),
    TalkOver(AgentId),
}

struct Day {
    floor: Distributor,
    next: BTreeSet<(i64, CallId, Next)>,
    chance: u64,
    came: BTreeMap<CallId, i64>,
    answered: Vec<i64>,
    abandoned: usize,
    sent_away: usize,
    /// The emergency calls of the flood at 11:20, and how long they waited.
    emergencies: Vec<i64>,
}

impl Day {
    fn chance(&mut self) -> f64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Exponentially distributed, in milliseconds.
    fn exponential(&mut self, mean_s: f64) -> i64 {
        (-(1.0 - self.chance()).ln() * mean_s * 1_000.0) as i64
    }

    fn obey(&mut self, orders: Vec<Order>, now: i64) {
        for order in orders {
            match order {
                Order::Offer { call, agent, .. } => {
                    let picks = 1_000 + self.exponential(3.0);
                    let next = if picks < 20_000 && self.chance() > 0.01 { Next::Picks(agent) } else { Next::LetsRing(agent) };
                    self.next.insert((now + picks.min(20_000), call, next));
                }
                Order::SendAway { .. } => self.sent_away += 1,
                _ => {}
            }
        }
    }

    fn happens(&mut self, call: CallId, what: Next, now: i64) {
        let orders = match what {
            Next::Calls => {
                self.came.insert(call, now);
                let patience = 30_000 + self.exponential(240.0);
                self.next.insert((now + patience, call, Next::LosesPatience));
                let mut caller = arrival(call.0.as_u128(), now);
                caller.emergency = is_emergency(call);
                self.floor.caller_waits(caller, at(now))
            }
            Next::LosesPatience => {
                self.abandoned += usize::from(self.came.remove(&call).is_some());
                self.floor.caller_left(call, LeftQueue::Abandoned, None, at(now))
            }
            Next::Picks(agent) => match self.came.remove(&call) {
                Some(came) => {
                    if is_emergency(call) { &mut self.emergencies } else { &mut self.answered }.push(now - came);
                    let talk = 20_000 + self.exponential(85.0);
                    self.next.insert((now + talk, call, Next::TalkOver(agent.clone())));
                    self.floor.offer_accepted(call, &agent, at(now))
                }
                None => Vec::new(), // hung up while it rang
            },
            Next::LetsRing(agent) => self.floor.offer_failed(call, &agent, OfferFailure::NoAnswer, at(now)),
            Next::TalkOver(agent) => self.floor.talk_ended(call, &agent, at(now)),
        };
        self.obey(orders, now);
    }

    fn run(&mut self) -> i64 {
        let mut now = 0;
        while let Some((when, call, what)) = self.next.first().cloned() {
            let due = self.floor.next_wakeup().filter(|due| *due <= at(when));
            if let Some(due) = due {
                now = i64::try_from(due.duration_since(at(0)).as_millis()).expect("small");
                let orders = self.floor.tick(due);
                self.obey(orders, now);
                continue;
            }
            self.next.pop_first();
            now = when;
            self.happens(call, what, now);
        }
        now
    }
}

/// Forty callers between 11:20 and 11:30.
fn is_emergency(call: CallId) -> bool {
    call.0.as_u128() >= CALLS
}

fn percentile(sorted: &[i64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize] as f64 / 1_000.0
}

#[test]
fn nine_thousand_calls_and_sixty_agents() {
    let mut day = Day {
        floor: floor(AGENTS, Duration::from_secs(20)),
        next: BTreeSet::new(),
        chance: 20_230_608,
        came: BTreeMap::new(),
        answered: Vec::new(),
        abandoned: 0,
        sent_away: 0,
        emergencies: Vec::new(),
    };
    for n in 0..CALLS {
        // A rush when the lines open and another after lunch, over an even day.
        let (kind, x) = (day.chance(), day.chance());
        let share = if n < 120 {
            x / 480.0
        } else if kind < 0.2 {
            0.02 + x * 0.2
        } else if kind < 0.3 {
            0.55 + x * 0.15
        } else {
            x
        };
        day.next.insert(((share * OPEN_MS as f64) as i64, call(n), Next::Calls));
    }
    for n in 0..40 {
        let when = 80 * 60_000 + (day.chance() * 600_000.0) as i64;
        day.next.insert((when, call(CALLS + n), Next::Calls));
    }
    let end = day.run();
    day.answered.sort_unstable();
    day.emergencies.sort_unstable();
    let within = |s: i64| 100.0 * day.answered.iter().filter(|wait| **wait <= s * 1_000).count() as f64 / CALLS as f64;
    println!(
        "answered {} of {CALLS}; within 20 s {:.1} %, within 60 s {:.1} %; wait p50 {:.1} s, p90 {:.1} s, p99 {:.1} s; abandoned {}, sent away {}; \
         emergencies p50 {:.1} s, worst {:.1} s; last talk over {:.1} h after opening",
        day.answered.len(),
        within(20),
        within(60),
        percentile(&day.answered, 0.5),
        percentile(&day.answered, 0.9),
        percentile(&day.answered, 0.99),
        day.abandoned,
        day.sent_away,
        percentile(&day.emergencies, 0.5),
        percentile(&day.emergencies, 1.0),
        end as f64 / 3_600_000.0,
    );
    let accounted = day.answered.len() + day.emergencies.len() + day.abandoned + day.sent_away;
    assert_eq!(accounted, 9_040, "every caller's way ended in one way");
    assert!(within(20) > 60.0, "service level {:.1} %", within(20));
    assert!(percentile(&day.emergencies, 1.0) < percentile(&day.answered, 1.0), "an emergency goes before all others");
    let queue = day.floor.queues().swap_remove(0);
    assert_eq!((queue.waiting, queue.talking), (0, 0));
}
