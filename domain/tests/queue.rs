//! The distributor: fair, one caller one agent, in whatever order news arrives.

#![allow(clippy::panic, clippy::unwrap_used, clippy::print_stdout)]

use daak_domain::Timestamp;
use daak_domain::call::{AgentId, CallId, LeftQueue, OfferFailure};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::queue::{AgentConfig, AgentState, Distributor, Order, QueueConfig};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_000_000_000 + ms).expect("a time")
}

fn call(n: u128) -> CallId {
    CallId(uuid::Uuid::from_u128(n))
}

fn agent(n: usize) -> AgentId {
    AgentId(format!("agent{n}"))
}

fn floor(agents: usize, wrap_up_s: u64) -> Distributor {
    let queue = QueueConfig {
        name: "helpline".into(),
        ring_for: Duration::from_secs(20),
        wrap_up: Duration::from_secs(wrap_up_s),
        most: 100,
        longest_wait: Some(Duration::from_secs(600)),
        tell_place_every: Some(Duration::from_secs(45)),
        needs_agents: true,
    };
    let agents = (0..agents).map(|n| AgentConfig {
        agent: agent(n),
        queues: BTreeSet::from(["helpline".into()]),
        languages: BTreeSet::new(),
        fixed: true,
    });
    Distributor::new(vec![queue], agents.collect(), at(0))
}

fn waits(floor: &mut Distributor, n: u128, emergency: bool, ms: i64) -> Vec<Order> {
    floor.caller_waits(call(n), "helpline", Language::Bn, emergency, at(ms), at(ms))
}

fn offers(orders: &[Order]) -> Vec<(CallId, AgentId)> {
    orders.iter().filter_map(|o| if let Order::Offer { call, agent, .. } = o { Some((*call, agent.clone())) } else { None }).collect()
}

#[test]
fn a_freed_agent_rings_for_the_next_at_once_and_an_emergency_goes_first() {
    let mut floor = floor(1, 0);
    assert_eq!(offers(&waits(&mut floor, 1, false, 1)), [(call(1), agent(0))]);
    floor.offer_accepted(call(1), &agent(0), at(2));
    assert!(offers(&waits(&mut floor, 2, false, 3)).is_empty());
    assert!(offers(&waits(&mut floor, 3, true, 4)).is_empty());
    assert_eq!(offers(&floor.talk_ended(call(1), &agent(0), at(10))), [(call(3), agent(0))]);
}

#[test]
fn whoever_is_not_answered_keeps_the_place() {
    let mut floor = floor(2, 0);
    waits(&mut floor, 1, false, 1);
    waits(&mut floor, 2, false, 2);
    waits(&mut floor, 3, false, 3);
    floor.offer_accepted(call(2), &agent(1), at(4));
    floor.offer_failed(call(1), &agent(0), OfferFailure::NoAnswer, at(20_000));
    assert_eq!(floor.state(&agent(0)).map(AgentState::name), Some("not_answering"));
    assert_eq!(offers(&floor.talk_ended(call(2), &agent(1), at(21_000))), [(call(1), agent(1))]);
}

#[test]
fn the_line_has_a_length_and_a_wait_has_an_end() {
    let mut floor = floor(1, 0);
    for n in 0..101 {
        waits(&mut floor, n, false, n as i64);
    }
    assert_eq!(waits(&mut floor, 500, false, 200), [Order::SendAway { call: call(500), branch: "full" }]);
    let sent: Vec<_> = floor.tick(at(600_500)).into_iter().filter(|o| matches!(o, Order::SendAway { branch: "timeout", .. })).collect();
    assert!(sent.len() >= 99, "{}", sent.len());
    floor.agent_away(&agent(0), at(600_600)).expect("known");
    let mut empty = self::floor(0, 0);
    assert_eq!(waits(&mut empty, 1, false, 1), [Order::SendAway { call: call(1), branch: "nobody" }]);
}

#[test]
fn a_callback_keeps_its_place_and_is_made_once() {
    let mut floor = floor(1, 0);
    waits(&mut floor, 1, false, 1);
    floor.offer_accepted(call(1), &agent(0), at(2));
    waits(&mut floor, 2, false, 3);
    waits(&mut floor, 3, false, 4);
    let number = PhoneNumber::parse("9830012345").expect("a number");
    floor.caller_left(call(2), LeftQueue::Callback, Some(number.clone()), at(5));
    let orders = floor.talk_ended(call(1), &agent(0), at(10));
    assert!(
        orders
            .iter()
            .any(|o| matches!(o, Order::CallBack { call: c, number: n, since, .. } if *c == call(2) && *n == number && *since == at(3))),
        "{orders:?}"
    );
    let again = floor.tick(at(11));
    assert!(!again.iter().any(|o| matches!(o, Order::CallBack { .. })), "{again:?}");
}

#[test]
fn a_whole_day_of_nine_thousand_calls_runs_in_a_moment() {
    let mut floor = floor(60, 30);
    let mut ends: BTreeSet<(i64, u128, usize)> = BTreeSet::new();
    let mut answered_in_20 = 0;
    let mut arrived: BTreeMap<CallId, i64> = BTreeMap::new();
    let mut take = |orders: Vec<Order>,
                    now: i64,
                    floor: &mut Distributor,
                    ends: &mut BTreeSet<(i64, u128, usize)>,
                    arrived: &BTreeMap<CallId, i64>| {
        let mut waiting = orders;
        while let Some(order) = waiting.pop() {
            if let Order::Offer { call: c, agent: a, .. } = order {
                waiting.extend(floor.offer_accepted(c, &a, at(now)));
                answered_in_20 += i64::from(now - arrived[&c] <= 20_000);
                let n = a.0["agent".len()..].parse().expect("a number");
                ends.insert((now + 100_000 + i64::try_from(c.0.as_u128() % 60).expect("small") * 1_000, c.0.as_u128(), n));
            }
        }
    };
    for n in 0..9_000u128 {
        let now = i64::try_from(n).expect("small") * 3_200;
        while let Some((end, c, a)) = ends.first().copied().filter(|(end, _, _)| *end <= now) {
            ends.pop_first();
            let orders = floor.talk_ended(call(c), &agent(a), at(end));
            take(orders, end, &mut floor, &mut ends, &arrived);
        }
        let orders = floor.tick(at(now));
        take(orders, now, &mut floor, &mut ends, &arrived);
        arrived.insert(call(n), now);
        let orders = waits(&mut floor, n, false, now);
        take(orders, now, &mut floor, &mut ends, &arrived);
    }
    let level = 100 * answered_in_20 / 9_000;
    println!("answered within 20 s: {level} %");
    assert!(level > 50, "{level}");
}

proptest! {
    #[test]
    fn one_caller_one_agent_whatever_happens(news in proptest::collection::vec((0u8..9, 0u128..12, 0usize..4), 1..300)) {
        let mut floor = floor(4, 5);
        let (mut ringing, mut talking): (BTreeMap<AgentId, CallId>, BTreeMap<AgentId, CallId>) = (BTreeMap::new(), BTreeMap::new());
        for (step, (kind, c, a)) in news.into_iter().enumerate() {
            let now = i64::try_from(step).expect("small") * 2_500;
            let (c, a) = (call(c), agent(a));
            let orders = match kind {
                0 | 1 => floor.caller_waits(c, "helpline", Language::Hi, kind == 1, at(now), at(now)),
                2 => floor.caller_left(c, LeftQueue::Abandoned, None, at(now)),
                3 => {
                    if ringing.get(&a) == Some(&c) {
                        ringing.remove(&a);
                        talking.insert(a.clone(), c);
                    }
                    floor.offer_accepted(c, &a, at(now))
                }
                4 => {
                    ringing.retain(|ra, rc| !(*ra == a && *rc == c));
                    floor.offer_failed(c, &a, OfferFailure::NoAnswer, at(now))
                }
                5 => {
                    talking.retain(|ta, tc| !(*ta == a && *tc == c));
                    floor.talk_ended(c, &a, at(now))
                }
                6 => floor.agent_ready(&a, at(now)).expect("known"),
                7 => floor.agent_away(&a, at(now)).expect("known"),
                _ => floor.tick(at(now)),
            };
            for order in orders {
                match order {
                    Order::Withdraw { agent, .. } => { ringing.remove(&agent); }
                    Order::Offer { call, agent, .. } => {
                        prop_assert!(!talking.contains_key(&agent), "{agent} talks and is rung");
                        prop_assert!(!talking.values().any(|c| *c == call), "a caller who talks is offered");
                        prop_assert!(ringing.insert(agent.clone(), call).is_none(), "{agent} is rung twice");
                        prop_assert_eq!(ringing.values().filter(|c| **c == call).count(), 1, "two telephones ring for one caller");
                    }
                    _ => {}
                }
            }
            let counted = floor.queues();
            prop_assert_eq!(counted[0].talking, talking.len());
        }
    }
}
