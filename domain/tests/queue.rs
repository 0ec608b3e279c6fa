//! The distributor, one behaviour a test.

#![allow(clippy::panic, clippy::unwrap_used, clippy::print_stdout)]

mod floor_world;

use daak_domain::call::{LeftQueue, OfferFailure};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::queue::{AgentConfig, AgentState, Distributor, Order};
use floor_world::{QUEUE, agent, arrival, at, call, floor, queue};
use std::collections::BTreeSet;
use std::time::Duration;

fn waits(floor: &mut Distributor, n: u128, emergency: bool, ms: i64) -> Vec<Order> {
    let mut caller = arrival(n, ms);
    caller.emergency = emergency;
    floor.caller_waits(caller, at(ms))
}

fn offers(orders: &[Order]) -> Vec<(u128, usize)> {
    let offer =
        |o: &Order| if let Order::Offer { call, agent, .. } = o { Some((call.0.as_u128(), floor_world::number(agent))) } else { None };
    orders.iter().filter_map(offer).collect()
}

fn away(orders: &[Order]) -> Vec<(u128, &'static str)> {
    let sent = |o: &Order| if let Order::SendAway { call, branch } = o { Some((call.0.as_u128(), *branch)) } else { None };
    orders.iter().filter_map(sent).collect()
}

fn callbacks(orders: &[Order]) -> Vec<(u128, u32)> {
    let made = |o: &Order| if let Order::CallBack { call, attempt, .. } = o { Some((call.0.as_u128(), *attempt)) } else { None };
    orders.iter().filter_map(made).collect()
}

fn state(floor: &Distributor, n: usize) -> &'static str {
    floor.state(&agent(n)).map_or("unknown", AgentState::name)
}

fn mobile(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("98300{n:05}")).expect("a mobile number")
}

/// Agent 0 talks with caller 1.
fn one_busy_agent() -> Distributor {
    let mut floor = floor(1, Duration::ZERO);
    assert_eq!(offers(&waits(&mut floor, 1, false, 1)), [(1, 0)]);
    floor.offer_accepted(call(1), &agent(0), at(2));
    floor
}

#[test]
fn a_freed_agent_rings_for_the_next_at_once_and_an_emergency_goes_first() {
    let mut floor = one_busy_agent();
    assert!(offers(&waits(&mut floor, 2, false, 3)).is_empty());
    assert!(offers(&waits(&mut floor, 3, true, 4)).is_empty());
    assert_eq!(offers(&floor.talk_ended(call(1), &agent(0), at(10))), [(3, 0)]);
    floor.offer_accepted(call(3), &agent(0), at(11));
    assert_eq!(offers(&floor.talk_ended(call(3), &agent(0), at(20))), [(2, 0)]);
}

#[test]
fn a_wrap_up_ends_by_itself_or_when_the_agent_is_ready() {
    let mut floor = floor(1, Duration::from_secs(30));
    waits(&mut floor, 1, false, 1);
    floor.offer_accepted(call(1), &agent(0), at(2));
    waits(&mut floor, 2, false, 3);
    assert!(offers(&floor.talk_ended(call(1), &agent(0), at(1_000))).is_empty());
    assert_eq!(state(&floor, 0), "wrap_up");
    assert_eq!(floor.next_wakeup(), Some(at(31_000)));
    assert_eq!(offers(&floor.tick(at(31_000))), [(2, 0)]);
    floor.offer_accepted(call(2), &agent(0), at(31_500));
    waits(&mut floor, 3, false, 31_600);
    floor.talk_ended(call(2), &agent(0), at(32_000));
    assert_eq!(offers(&floor.agent_ready(&agent(0), at(33_000)).expect("known")), [(3, 0)]);
}

#[test]
fn whoever_is_not_answered_keeps_the_place_and_the_agent_is_left_alone() {
    let mut floor = floor(2, Duration::ZERO);
    for n in 1..=3 {
        waits(&mut floor, n, false, n as i64);
    }
    floor.offer_accepted(call(2), &agent(1), at(4));
    floor.offer_failed(call(1), &agent(0), OfferFailure::NoAnswer, at(20_000));
    let silent = floor.agents().into_iter().find(|a| a.agent == agent(0)).expect("known");
    assert_eq!((silent.state.name(), silent.reason.as_deref()), ("not_answering", Some("no_answer")));
    assert_eq!(offers(&floor.talk_ended(call(2), &agent(1), at(21_000))), [(1, 1)]);
    assert_eq!(offers(&floor.tick(at(40_000))), [(3, 0)], "a fixed address is tried again");
}

#[test]
fn an_agent_who_signs_in_and_does_not_answer_stays_out_until_ready() {
    let person = AgentConfig { agent: agent(0), queues: BTreeSet::from([QUEUE.into()]), languages: BTreeSet::new(), fixed: false };
    let mut floor = Distributor::new(vec![queue(Duration::ZERO)], vec![person], at(0));
    assert_eq!(away(&waits(&mut floor, 1, false, 1)), [(1, "nobody")]);
    floor.agent_ready(&agent(0), at(2)).expect("known");
    assert_eq!(offers(&waits(&mut floor, 2, false, 3)), [(2, 0)]);
    floor.offer_failed(call(2), &agent(0), OfferFailure::NoAnswer, at(4));
    assert_eq!(away(&floor.tick(at(20_000))), []);
    assert_eq!(away(&floor.tick(at(30_004))), [(2, "nobody")], "nobody is here for half a minute");
    assert!(floor.agent_away(&agent(7), at(5)).is_err_and(|why| why.to_string().contains("[[agents]]")));
}

#[test]
fn no_news_of_an_offer_is_an_offer_that_failed() {
    let mut floor = floor(2, Duration::ZERO);
    floor.agent_paused(&agent(1), "tea", at(0)).expect("known");
    assert_eq!(offers(&waits(&mut floor, 1, false, 1)), [(1, 0)]);
    floor.agent_ready(&agent(1), at(2)).expect("known");
    let orders = floor.tick(at(35_001));
    assert!(orders.contains(&Order::Withdraw { call: call(1), agent: agent(0) }));
    assert_eq!(offers(&orders), [(1, 1)]);
}

#[test]
fn the_line_has_a_length_and_a_wait_has_an_end() {
    let mut floor = one_busy_agent();
    for n in 2..102 {
        assert_eq!(away(&waits(&mut floor, n, false, n as i64)), []);
    }
    assert_eq!(away(&waits(&mut floor, 500, false, 200)), [(500, "full")]);
    assert_eq!(away(&waits(&mut floor, 501, true, 201)), [], "an emergency is let in");
    let sent = away(&floor.tick(at(600_500)));
    assert_eq!(sent.len(), 101, "every wait has an end");
    assert!(sent.iter().all(|(_, branch)| *branch == "timeout"));
    assert_eq!(floor.queues()[0].waiting, 0);
}

#[test]
fn a_wait_that_ends_while_a_telephone_rings_ends_when_the_ringing_does() {
    let mut floor = one_busy_agent();
    waits(&mut floor, 2, false, 10);
    assert_eq!(offers(&floor.talk_ended(call(1), &agent(0), at(595_000))), [(2, 0)]);
    assert_eq!(away(&floor.tick(at(600_010))), []);
    assert_eq!(away(&floor.offer_failed(call(2), &agent(0), OfferFailure::NoAnswer, at(615_000))), [(2, "timeout")]);
}

#[test]
fn places_are_told_with_a_wait() {
    let mut floor = one_busy_agent();
    let place = |orders: &[Order], n: u128| {
        orders.iter().find_map(|o| match o {
            Order::Position { call: c, place, wait } if *c == call(n) => Some((*place, wait.map(|w| w.as_secs()))),
            _ => None,
        })
    };
    assert_eq!(place(&waits(&mut floor, 2, false, 3), 2), Some((1, Some(240))));
    assert_eq!(place(&waits(&mut floor, 3, false, 4), 3), Some((2, Some(480))));
    let told = floor.tick(at(45_000));
    assert_eq!((place(&told, 2), place(&told, 3)), (Some((1, Some(240))), Some((2, Some(480)))));
    floor.caller_left(call(2), LeftQueue::Abandoned, None, at(46_000));
    assert_eq!(place(&floor.tick(at(90_000)), 3), Some((1, Some(240))));
}

#[test]
fn a_language_is_honoured_and_then_anybody_will_do() {
    let speaks = |n, language| AgentConfig {
        agent: agent(n),
        queues: BTreeSet::from([QUEUE.into()]),
        languages: BTreeSet::from([language]),
        fixed: true,
    };
    let mut floor = Distributor::new(vec![queue(Duration::ZERO)], vec![speaks(0, Language::En), speaks(1, Language::Hi)], at(0));
    let wants = |floor: &mut Distributor, n: u128, language, ms| {
        let mut caller = arrival(n, ms);
        caller.language = language;
        offers(&floor.caller_waits(caller, at(ms)))
    };
    assert_eq!(wants(&mut floor, 1, Language::Ne, 1), [(1, 1)], "Nepali is answered in Hindi");
    floor.offer_accepted(call(1), &agent(1), at(1));
    assert_eq!(wants(&mut floor, 2, Language::Bn, 2), []);
    assert_eq!(wants(&mut floor, 3, Language::En, 3), [(3, 0)], "overtakes a caller whom this agent cannot serve");
    floor.offer_accepted(call(3), &agent(0), at(4));
    assert_eq!(offers(&floor.talk_ended(call(3), &agent(0), at(5_000))), []);
    assert_eq!(offers(&floor.tick(at(90_002))), [(2, 0)]);
}

#[test]
fn a_callback_keeps_its_place_and_rings_the_agent_who_was_kept_free() {
    let mut floor = one_busy_agent();
    waits(&mut floor, 2, false, 3);
    waits(&mut floor, 3, false, 4);
    floor.caller_left(call(2), LeftQueue::Callback, Some(mobile(1)), at(5));
    assert_eq!((floor.queues()[0].waiting, floor.queues()[0].callbacks), (1, 1));
    floor.tick(at(20_005));
    assert_eq!(callbacks(&floor.talk_ended(call(1), &agent(0), at(30_000))), [(2, 1)]);
    assert_eq!(state(&floor, 0), "calling_back");
    assert_eq!(callbacks(&floor.tick(at(40_000))), [], "once at a time");
    assert_eq!(offers(&floor.callback_arrived(call(2), arrival(77, 50_000), at(50_000))), [(77, 0)]);
    floor.offer_accepted(call(77), &agent(0), at(51_000));
    assert_eq!(offers(&floor.talk_ended(call(77), &agent(0), at(60_000))), [(3, 0)]);
    assert_eq!(floor.queues()[0].callbacks, 0);
}

#[test]
fn a_callback_that_reaches_nobody_lets_others_go_on_and_is_given_up_at_last() {
    let mut floor = floor(1, Duration::ZERO);
    floor.promise_callback(arrival(1, 1), mobile(1), at(1));
    let (mut now, mut made) = (20_001, Vec::new());
    for _ in 0..3 {
        made.extend(callbacks(&floor.tick(at(now))));
        let orders = floor.callback_failed(call(1), at(now + 30_000));
        now += 630_000;
        assert_eq!(state(&floor, 0), "ready");
        let over = orders.iter().any(|o| matches!(o, Order::CallbackGivenUp { number, .. } if *number == mobile(1)));
        assert_eq!(over, made.len() == 3);
    }
    assert_eq!(made, [(1, 1), (1, 2), (1, 3)]);
    assert!(floor.callbacks().is_empty());
}

#[test]
fn callbacks_under_way_are_no_more_than_agents_kept_free() {
    let mut floor = floor(2, Duration::ZERO);
    for n in 1..=10 {
        floor.promise_callback(arrival(n, n as i64), mobile(n as u32), at(n as i64));
    }
    assert_eq!(callbacks(&floor.tick(at(30_000))), [(1, 1), (2, 1)]);
    assert_eq!(callbacks(&floor.callback_failed(call(1), at(31_000))), [(3, 1)]);
    assert_eq!(callbacks(&floor.tick(at(209_999))), []);
    assert_eq!(callbacks(&floor.tick(at(210_000))), [(4, 1)], "an attempt without news has an end");
}

#[test]
fn an_emergency_takes_the_agent_of_a_callback_and_the_citizen_still_comes_first() {
    let mut floor = floor(1, Duration::ZERO);
    floor.promise_callback(arrival(1, 1), mobile(1), at(1));
    assert_eq!(callbacks(&floor.tick(at(20_001))), [(1, 1)]);
    assert_eq!(offers(&waits(&mut floor, 2, false, 21_000)), []);
    assert_eq!(offers(&waits(&mut floor, 3, true, 22_000)), [(3, 0)]);
    floor.offer_accepted(call(3), &agent(0), at(23_000));
    assert_eq!(offers(&floor.callback_arrived(call(1), arrival(9, 30_000), at(30_000))), []);
    assert_eq!(offers(&floor.talk_ended(call(3), &agent(0), at(40_000))), [(9, 0)]);
}

#[test]
fn one_number_has_one_promise_and_none_once_it_was_spoken_with() {
    let mut floor = one_busy_agent();
    for (n, ms) in [(2, 3), (3, 4), (4, 5)] {
        waits(&mut floor, n, false, ms);
    }
    floor.caller_left(call(3), LeftQueue::Callback, Some(mobile(1)), at(6));
    floor.caller_left(call(2), LeftQueue::Callback, Some(mobile(1)), at(7));
    let promised = floor.callbacks();
    assert_eq!((promised.len(), promised[0].since), (1, at(3)), "the earlier place stays");
    floor.callback_settled(&mobile(1), at(8));
    assert!(floor.callbacks().is_empty());
    assert_eq!(offers(&floor.talk_ended(call(1), &agent(0), at(30_000))), [(4, 0)]);
}

#[test]
fn an_agent_who_pauses_while_it_rings_leaves_the_caller_to_another() {
    let mut floor = floor(2, Duration::ZERO);
    assert_eq!(offers(&waits(&mut floor, 1, false, 1)), [(1, 0)]);
    let orders = floor.agent_paused(&agent(0), "tea", at(2)).expect("known");
    assert!(orders.contains(&Order::Withdraw { call: call(1), agent: agent(0) }));
    assert_eq!(offers(&orders), [(1, 1)]);
    let paused = floor.agents().swap_remove(0);
    assert_eq!((paused.state.name(), paused.reason.as_deref()), ("paused", Some("tea")));
}

#[test]
fn whoever_talks_goes_when_the_talk_is_over() {
    let mut floor = one_busy_agent();
    floor.agent_away(&agent(0), at(3)).expect("known");
    assert_eq!(state(&floor, 0), "talking");
    waits(&mut floor, 2, false, 4);
    assert_eq!(offers(&floor.talk_ended(call(1), &agent(0), at(5))), []);
    assert_eq!(state(&floor, 0), "away");
}

#[test]
fn an_answer_that_crosses_a_withdrawal_is_a_fact() {
    let mut floor = floor(2, Duration::ZERO);
    waits(&mut floor, 1, false, 1);
    let orders = floor.agent_away(&agent(0), at(2)).expect("known");
    assert_eq!(offers(&orders), [(1, 1)]);
    // Agent 0 had answered already.
    let orders = floor.offer_accepted(call(1), &agent(0), at(3));
    assert!(orders.contains(&Order::Withdraw { call: call(1), agent: agent(1) }));
    assert_eq!((state(&floor, 0), state(&floor, 1)), ("talking", "ready"));
    floor.talk_ended(call(1), &agent(0), at(4));
    assert_eq!(state(&floor, 0), "away", "what the agent wanted is remembered");
}

#[test]
fn a_call_that_ends_without_a_word_frees_everybody() {
    let mut floor = one_busy_agent();
    waits(&mut floor, 2, false, 3);
    floor.call_ended(call(2), at(4));
    assert_eq!(floor.queues()[0].waiting, 0);
    floor.call_ended(call(1), at(5));
    assert_eq!(state(&floor, 0), "ready");
}

#[test]
fn an_emergency_does_not_wait_for_the_end_of_a_pause() {
    let mut floor = one_busy_agent();
    waits(&mut floor, 2, true, 3);
    waits(&mut floor, 3, false, 4);
    floor.agent_paused(&agent(0), "tea", at(5)).expect("known");
    floor.talk_ended(call(1), &agent(0), at(6_000));
    assert_eq!(away(&floor.tick(at(35_999))), []);
    assert_eq!(away(&floor.tick(at(36_000))), [(2, "nobody")]);
    assert_eq!(away(&waits(&mut floor, 4, true, 40_000)), [(4, "nobody")]);
    assert_eq!(offers(&floor.agent_ready(&agent(0), at(50_000)).expect("known")), [(3, 0)]);
}

/// Work is counted in answers to one input, not in time: with 500 agents and 3,000 callers an input moves only who it concerns.
#[test]
fn an_input_concerns_few_even_on_a_large_floor() {
    let mut large = queue(Duration::ZERO);
    (large.most, large.tell_place_every) = (10_000, None);
    let one = |n| AgentConfig { agent: agent(n), queues: BTreeSet::from([QUEUE.into()]), languages: BTreeSet::new(), fixed: true };
    let mut floor = Distributor::new(vec![large], (0..500).map(one).collect(), at(0));
    for n in 0..3_500 {
        assert!(waits(&mut floor, n, false, n as i64).len() <= 2);
    }
    let talks: Vec<u128> = (0..500).collect();
    for n in &talks {
        let with = floor.agents().into_iter().find(|a| a.state.call() == Some(call(*n))).expect("is rung").agent;
        assert!(floor.offer_accepted(call(*n), &with, at(4_000)).len() <= 1);
        let freed = floor.talk_ended(call(*n), &with, at(5_000));
        assert_eq!(offers(&freed), [(n + 500, floor_world::number(&with))], "the next of the line, and nobody else");
        assert!(freed.len() <= 3);
    }
    assert_eq!(floor.queues()[0].waiting, 3_000);
}
