//! What agents do, as stories: a line an act or a person's word, and what it is answered.

use std::collections::BTreeMap;
use std::time::Duration;
use weir_guard::acts::{Acts, Question, evolve, exactly, met};
use weir_guard::{Caller, Guard, rights_of};
use weir_model::act::{
    Act, Answer, Client, Effect, Extent, Moment, Reason, Ruling, RunKind, Subagent, Taint, Tool,
};
use weir_model::event::Mandate;
use weir_model::event::act::{Event, Reach};
use weir_model::event::guard::{Event as GuardEvent, Role};
use weir_model::{
    Actor, ApprovalId, Context, Digest, PathSet, PersonId, Position, SessionId, Timestamp,
};

const START: i64 = 1_790_000_000_000;

/// A house with two people (`P1` an owner, `P2` an auditor) and sessions `S1`, its child `S2`, and `S3`.
struct House {
    guard: Guard,
    acts: Acts,
    position: u64,
}

impl House {
    fn new() -> Self {
        let mut guard = Guard::default();
        let mandate = Mandate { paths: vec![PathSet::everything()], push_bytes_max: 1 };
        let expires_at = Timestamp::from_millis(START + 100 * 3_600_000);
        let opened = |session: u64, parent: Option<u64>, person: u64| GuardEvent::SessionOpened {
            session: SessionId(session),
            agent: format!("agent{session}"),
            person: PersonId(person),
            parent: parent.map(SessionId),
            mandate: mandate.clone(),
            hash: Digest::of(&session.to_be_bytes()),
            expires_at,
        };
        let person = |person: u64, role| GuardEvent::PersonAdded {
            person: PersonId(person),
            name: format!("person{person}"),
            role,
        };
        for event in [
            person(1, Role::Owner),
            person(2, Role::Auditor),
            opened(1, None, 1),
            opened(2, Some(1), 1),
            opened(3, None, 1),
        ] {
            weir_guard::evolve(&mut guard, &event);
        }
        Self { guard, acts: Acts::default(), position: 0 }
    }

    fn take(&mut self, now: Timestamp, events: Vec<Event>) {
        for event in events {
            self.position += 1;
            // What was written is what is read: the fold must not know more than the record.
            let event = weir_model::Event::from(event);
            let read =
                weir_model::Event::from_json(event.stream(), &event.to_json()).expect("read");
            let weir_model::Event::Act(event) = read else { panic!("another stream") };
            evolve(&mut self.acts, now, Position(self.position), &event);
        }
        // And what is kept in a snapshot is all there is.
        let kept = serde_json::to_string(&self.acts).expect("a snapshot");
        assert_eq!(serde_json::from_str::<Acts>(&kept).expect("read back"), self.acts);
    }

    /// An act of `who` (`S1` or `S1/a`, a sub-agent): `run`, `look`, `ask`, `deny` and words. Tells the answer.
    fn act(&mut self, now: Timestamp, who: &str, verb: &str, what: &str) -> String {
        let (session, subagent) = match who.split_once('/') {
            Some((session, subagent)) => (session, Some(subagent)),
            None => (who, None),
        };
        let session: SessionId = session.parse().expect("a session");
        let tool = Tool::Shell { command: what.to_owned() };
        let act = Act {
            client: Some(Client::Claude),
            moment: Moment::BeforeTool,
            conversation: "c".into(),
            subagent: subagent.map(|id| Subagent { id: id.to_owned(), kind: None }),
            call: None,
            cwd: "/w".into(),
            mode: None,
            tool,
        };
        let (answer, effect) = match verb {
            "look" => {
                (Answer::Allow, Effect::Reads { path: format!("/w/{what}"), extent: Extent::One })
            }
            "run" => (Answer::Allow, Effect::Runs { program: what.into(), kind: RunKind::Project }),
            "ask" => (Answer::Ask, Effect::Runs { program: what.into(), kind: RunKind::Foreign }),
            "deny" => (Answer::Deny, Effect::Opaque { why: "no".into() }),
            other => panic!("no verb `{other}`"),
        };
        let reason = Reason {
            policy: "p".into(),
            answer,
            sentence: "it says so".into(),
            hint: None,
            effect: Some(0),
        };
        let ruling = match answer {
            Answer::Allow => Ruling::allow(),
            Answer::Ask | Answer::Deny => Ruling::because(reason),
        };
        let effects = [effect];
        let lineage = self.guard.lineage_of(session);
        let meets = met(&act.tool, &effects, |path| path.ends_with(".env"), |_| true);
        let question = Question {
            lineage: &lineage,
            person: PersonId(1),
            act: &act,
            effects: &effects,
            ruling: &ruling,
            scope: "{}",
            bundle: Digest::of(b"bundle"),
            meets: &meets,
            position: Position(self.position + 1),
        };
        let ctx = Context { now, by: Actor::Session(session) };
        let decision = self.acts.decide(&question, &ctx);
        let recorded = match decision.events.is_empty() {
            true => " (quiet)",
            false => "",
        };
        let reason = decision.ruling.reasons.first();
        let by = decision.approval.map(|approval| format!(" {approval}")).unwrap_or_default();
        let why = match reason {
            Some(reason) if reason.policy != "p" => format!(" {}", reason.policy),
            Some(_) | None => String::new(),
        };
        let told = format!("{}{by}{why}{recorded}", decision.ruling.answer);
        self.take(now, decision.events);
        told
    }

    /// What a person says: `allow A1 2 30m`, `refuse A1`, `pause S1`, `resume all`, `clear S1`.
    fn say(&mut self, now: Timestamp, who: &str, verb: &str, rest: &[&str]) -> String {
        let caller = match who.parse::<SessionId>() {
            Ok(session) => Caller {
                actor: Actor::Session(session),
                rights: rights_of(Role::Owner),
                token: None,
            },
            Err(_) => {
                let person: PersonId = who.parse().expect("a person");
                let role = self.guard.person(person).expect("known").role;
                Caller { actor: Actor::Person(person), rights: rights_of(role), token: None }
            }
        };
        let ctx = Context { now, by: caller.actor };
        let (acts, guard) = (&self.acts, &self.guard);
        let approval = || rest[0].parse::<ApprovalId>().expect("a request");
        let reach = || match rest[0] {
            "all" => Reach::All,
            who => who
                .parse()
                .map(Reach::Session)
                .or_else(|_| who.parse().map(Reach::Person))
                .expect("who"),
        };
        let said = match verb {
            "allow" => {
                let uses = rest.get(1).map_or(1, |uses| uses.parse().expect("uses"));
                let minutes = rest
                    .get(2)
                    .map_or(60, |length| length.trim_end_matches('m').parse().expect("m"));
                acts.give(guard, &caller, (approval(), uses, Duration::from_mins(minutes)), &ctx)
            }
            "refuse" => acts.refuse(guard, &caller, (approval(), "use the mirror".into()), &ctx),
            "pause" => acts.pause(guard, &caller, (reach(), "lunch".into())),
            "resume" => acts.resume(guard, &caller, reach()),
            "clear" => {
                let session = rest[0].parse().expect("a session");
                acts.clear(guard, &caller, (session, Taint::Secrets, "looked".into()))
            }
            other => panic!("no verb `{other}`"),
        };
        match said {
            Ok(events) => {
                self.take(now, events);
                "done".to_owned()
            }
            Err(refusal) => refusal.code.to_string(),
        }
    }

    fn end(&mut self, now: Timestamp, who: &str, how: &str, what: &str) {
        let session = who.parse().expect("a session");
        let act = Act {
            client: Some(Client::Claude),
            moment: Moment::AfterTool,
            conversation: String::new(),
            subagent: None,
            call: None,
            cwd: "/w".into(),
            mode: None,
            tool: Tool::Shell { command: what.to_owned() },
        };
        let failed = how == "fails";
        let finished = Event::ActFinished {
            session,
            exactly: exactly(&act),
            call: None,
            failed,
            undecided: false,
        };
        self.take(now, vec![finished]);
    }
}

/// Plays a story. A row is `TIME WHO VERB WHAT... [xN] | ANSWER`; with `xN` it is played so often and the last
/// answer counts.
fn check(story: &str) {
    let mut house = House::new();
    for row in story.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (said, expected) = row.split_once('|').unwrap_or((row, ""));
        let mut words: Vec<&str> = said.split_whitespace().collect();
        let minutes: i64 = words.remove(0).trim_end_matches('m').parse().expect("minutes");
        let now = Timestamp::from_millis(START + minutes * 60_000);
        let times = match words.last().and_then(|word| word.strip_prefix('x')?.parse().ok()) {
            Some(times) => {
                words.pop();
                times
            }
            None => 1,
        };
        let (who, verb) = (words[0], words[1]);
        let mut answer = String::new();
        for _ in 0..times {
            answer = match verb {
                "look" | "run" | "ask" | "deny" => house.act(now, who, verb, &words[2..].join(" ")),
                "fails" | "ends" => {
                    house.end(now, who, verb, &words[2..].join(" "));
                    String::new()
                }
                "spends" => {
                    let tokens = words[2].parse().expect("a number");
                    let (session, conversation) = (who.parse().expect("a session"), "c".to_owned());
                    let spent = Event::SpendCounted { session, conversation, tokens };
                    house.take(now, vec![spent]);
                    String::new()
                }
                _ => house.say(now, who, verb, &words[2..]),
            };
        }
        assert_eq!(answer, expected.trim(), "in the row `{row}`");
    }
}

#[test]
fn looks_are_quiet_and_what_changes_something_is_recorded_first() {
    check(
        "
        0m S1 look a      | allow (quiet)
        0m S1 run make    | allow
        0m S1 deny x      | deny
        0m S1 ask x       | ask A1
        ",
    );
}

#[test]
fn a_grant_lets_exactly_the_act_pass_as_often_as_was_said() {
    check(
        "
        0m S1 ask curl x    | ask A1
        0m S1 ask curl x    | ask A1
        0m S1 ask curl y    | ask A2
        1m P1 allow A1      | done
        1m S1 ask curl x    | allow A1
        1m S1 ask curl x    | ask A3
        1m S1 ask curl y    | ask A2
        2m P1 allow A2 2    | done
        2m S1 ask curl y    | allow A2
        2m S1 ask curl y    | allow A2
        2m S1 ask curl y    | ask A4
        ",
    );
}

#[test]
fn a_grant_ends_at_the_instant_it_names_and_a_request_does_too() {
    check(
        "
        0m S1 ask x          | ask A1
        0m P1 allow A1 5 30m | done
        29m S1 ask x         | allow A1
        30m S1 ask x         | ask A2
        1470m P1 allow A2    | approval.expired
        1470m S1 ask x       | ask A3
        ",
    );
}

#[test]
fn a_grant_goes_down_the_tree_only_for_one_use_and_never_up_or_sideways() {
    check(
        "
        0m S1 ask x     | ask A1
        0m P1 allow A1 5 | done
        0m S3 ask x     | ask A2
        0m S2 ask x     | allow A1
        0m S1 ask x     | ask A3
        0m S1/a ask y   | ask A4
        0m P1 allow A4 5 | done
        0m S1 ask y     | ask A5
        0m S1/b ask y   | ask A6
        0m S2 ask y     | ask A7
        0m S1/a ask y   | allow A4
        0m S1/a ask y   | allow A4
        0m S2 ask z     | ask A8
        0m P1 allow A8 3 | done
        0m S1 ask z     | ask A9
        0m S2/a ask z   | allow A8
        0m S2 ask z     | ask A10
        ",
    );
}

#[test]
fn a_denial_is_never_lifted_and_a_refusal_is_told() {
    check(
        "
        0m S1 ask x     | ask A1
        0m P1 refuse A1 | done
        0m S1 ask x     | deny A1 approval.refused
        0m P1 allow A1  | approval.answered
        0m P1 allow A9  | approval.unknown
        0m S1 ask y     | ask A2
        0m P1 allow A2 9 | done
        0m S1 deny y    | deny
        ",
    );
}

#[test]
fn only_a_person_who_may_answers_and_nobody_gives_too_much() {
    check(
        "
        0m S1 ask x       | ask A1
        0m S1 allow A1    | approval.not_a_person
        0m S3 refuse A1   | approval.not_a_person
        0m P2 allow A1    | right.not_in_role
        0m P1 allow A1 0  | approval.too_wide
        0m P1 allow A1 101 | approval.too_wide
        0m P1 allow A1 1 1441m | approval.too_wide
        0m P1 allow A1 100 1440m | done
        ",
    );
}

#[test]
fn a_pause_holds_everybody_below_it_from_the_next_act_on() {
    check(
        "
        0m P1 pause S1  | done
        0m S1 look a    | deny paused
        0m S2 run make  | deny paused
        0m S3 run make  | allow
        0m S1 resume S1 | pause.not_a_person
        0m P2 resume S1 | right.not_in_role
        0m P1 resume S1 | done
        0m S2 run make  | allow
        0m P1 pause P1  | done
        0m S3 run make  | deny paused
        0m P1 resume P1 | done
        0m P1 pause all | done
        0m S3 run make  | deny paused
        0m P1 resume all | done
        0m P1 resume all | pause.none
        0m S3 pause all | pause.not_a_person
        ",
    );
}

#[test]
fn the_same_failure_again_and_again_is_told_then_asked_then_stopped() {
    check(
        "
        0m S1 fails make x3 |
        0m S1 run make      | deny breaker.told
        1m S1 run make      | allow
        1m S1 fails make x3 |
        1m S1 run make      | ask A1 breaker.asked
        1m S1 look a        | allow (quiet)
        1m S1 run other     | ask A2 breaker.asked
        2m P1 allow A2      | done
        2m S1 run other     | allow A2
        3m S1 fails make x4 |
        3m S1 run make      | deny breaker.stopped
        3m S1 look b        | deny breaker.stopped
        4m P1 resume S1     | done
        4m S1 run make      | allow
        ",
    );
}

#[test]
fn spending_too_fast_is_told_then_asked_then_stopped_and_an_old_count_is_no_news() {
    check(
        "
        0m S1 spends 1900000 |
        1m S1 run a          | allow
        2m S1 spends 2100000 |
        2m S1 run a          | deny breaker.told
        2m S1 run b          | allow
        3m S1 spends 4100000 |
        3m S1 run c          | ask A1 breaker.asked
        4m S1 spends 8100000 |
        4m S1 run d          | deny breaker.stopped
        5m S3 spends 1500000 |
        20m S3 spends 3400000 |
        21m S3 run a         | allow
        ",
    );
}

#[test]
fn a_loop_trips_and_testing_after_each_edit_does_not() {
    check(
        "
        0m S1 run a x5     | allow
        0m S1 run a        | deny breaker.told
        ",
    );
    let mut story = String::new();
    for round in 0..60 {
        story += &format!("{round}m S1 run edit {round} | allow\n{round}m S1 run test | allow\n");
    }
    check(&story);
}

#[test]
fn refusals_in_a_row_trip_and_an_allowed_act_between_starts_anew() {
    let mut story = String::new();
    for n in 0..8 {
        story += &format!("0m S1 deny x{n}y | deny\n");
    }
    story += "0m S1 run z | deny breaker.told\n";
    check(&story);
    check(
        "
        0m S1 deny a x3 | deny
        0m S1 run b     | allow
        0m S1 deny a x3 | deny
        0m S1 run c     | allow
        ",
    );
}

#[test]
fn racing_trips() {
    let mut story = String::new();
    for n in 0..239 {
        story += &format!("0m S1 run r{n}y | allow\n");
    }
    story += "0m S1 run other | deny breaker.told\n";
    check(&story);
}

#[test]
fn what_a_session_met_it_carries_until_a_person_clears_it() {
    let mut house = House::new();
    let now = Timestamp::from_millis(START);
    assert_eq!(house.act(now, "S1", "look", "a/.env"), "allow");
    assert_eq!(house.act(now, "S1", "look", "a/.env"), "allow (quiet)");
    let carried = |house: &House, lineage: &[u64]| {
        let lineage: Vec<_> = lineage.iter().map(|id| SessionId(*id)).collect();
        house.acts.taints(&lineage).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(carried(&house, &[1]), [Taint::Secrets]);
    assert_eq!(carried(&house, &[2, 1]), [Taint::Secrets], "a child carries what its parent met");
    assert_eq!(carried(&house, &[3]), []);
    assert_eq!(house.say(now, "S1", "clear", &["S1"]), "taint.not_a_person");
    assert_eq!(house.say(now, "P1", "clear", &["S3"]), "taint.none");
    assert_eq!(house.say(now, "P1", "clear", &["S1"]), "done");
    assert_eq!(carried(&house, &[1]), []);
}

#[test]
fn a_session_does_not_flood_the_inbox() {
    let mut house = House::new();
    let now = Timestamp::from_millis(START);
    let mut answers = BTreeMap::new();
    for n in 0..30 {
        // Another session asks in between, so that no loop is seen.
        *answers
            .entry(
                house.act(now, "S1", "ask", &format!("x{n}y")).split(' ').next().map(str::to_owned),
            )
            .or_insert(0) += 1;
    }
    assert_eq!(house.acts.waiting(now).count(), 20, "{answers:?}");
    assert_eq!(answers[&Some("ask".to_owned())], 20);
}

#[test]
fn what_is_always_approved_is_proposed_as_a_rule_with_its_evidence() {
    let mut house = House::new();
    for n in 0..6 {
        let now = Timestamp::from_millis(START + n * 60_000);
        let told = house.act(now, "S1", "ask", "curl");
        assert_eq!(told, format!("ask A{}", n + 1));
        assert_eq!(house.acts.proposals().len(), usize::from(n >= 5), "after {n}");
        let later = Timestamp::from_millis(START + n * 60_000 + 2_000);
        assert_eq!(house.say(later, "P1", "allow", &[&format!("A{}", n + 1)]), "done");
        assert_eq!(house.act(later, "S1", "ask", "curl"), format!("allow A{}", n + 1));
    }
    let proposals = house.acts.proposals();
    assert_eq!(proposals.len(), 1);
    assert_eq!((proposals[0].given, proposals[0].answer_ms), (6, 2_000));
    assert_eq!(proposals[0].evidence.len(), 6);
    assert_eq!(house.acts.answered(), (6, 6));
    // One refusal, and it is no habit.
    let now = Timestamp::from_millis(START + 10 * 60_000);
    assert_eq!(house.act(now, "S1", "ask", "curl"), "ask A7");
    assert_eq!(house.say(now, "P1", "refuse", &["A7"]), "done");
    assert!(house.acts.proposals().is_empty());
}
