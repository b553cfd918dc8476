//! BASE-CODE, statistical: codes are drawn evenly from at least a million, and leading zeros are kept.
//!
//! Runs apart (`sekisho check --statistical`): it has thousands of codes mailed, over many accounts at once. Nothing is kept of these
//! exchanges. It looks several times, so that a gross fault is found early; the error rate holds for all looks together.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use sekisho_rules::Portal;
use sekisho_simulator::recorder::Unwatched;
use sekisho_simulator::target::{Screen, Step};
use sekisho_simulator::world::Casting;
use sekisho_simulator::{SkipBox, Trouble};

use crate::moves::want;
use crate::scenario::{Company, Portals, Scenario};
use crate::stage::Stage;
use crate::statistics::{ERROR_RATE, evenness, repeats};

pub(crate) const SCENARIOS: &[Scenario] = &[Scenario {
    id: "base-code-chance",
    about: "Many people have thousands of codes mailed, which are counted",
    checks: &[EVEN, ZEROS],
    portals: Portals::Once,
    company: Company::Statistical,
    tell: |stage| Box::pin(chance(stage)),
}];

const EVEN: &str = "base-code-values-are-equally-likely";
const ZEROS: &str = "base-code-leading-zeros-are-kept";

/// After how many codes it is looked, as shares of all.
const LOOKS: [f64; 3] = [0.1, 0.3, 1.0];

/// With fewer codes than this no leading zero at all would be no wonder: 0.9^200 is below the error rate.
const ENOUGH_FOR_ZEROS: usize = 200;

/// How many codes one account has mailed at most, and how many accounts are busy at once.
const CODES_EACH: u32 = 50;
const AT_ONCE: usize = 16;

async fn chance(stage: Arc<Stage>) -> Result<(), Trouble> {
    let wanted = stage.numbers().codes_sampled;
    let mut sequences: Vec<Vec<String>> = Vec::new();
    for share in LOOKS {
        let goal = (wanted as f64 * share).ceil() as usize;
        let held: usize = sequences.iter().map(Vec::len).sum();
        sequences.extend(sample(&stage, sequences.len(), goal.saturating_sub(held)).await?);
        let zeros = judge_zeros(&stage, &sequences);
        judge_evenness(&stage, &sequences)?;
        zeros?;
    }
    Ok(())
}

/// So many more codes, one sequence an account, over all portals.
async fn sample(stage: &Arc<Stage>, place: usize, count: usize) -> Result<Vec<Vec<String>>, Trouble> {
    let each = stage.numbers().mail_limit.map_or(CODES_EACH, |limit| limit.count.clamp(1, CODES_EACH)) as usize;
    let portals = stage.world.target.portals.clone();
    let shares = (0..count.div_ceil(each)).map(|number| each.min(count - number * each));
    let tasks = shares.enumerate().map(|(number, share)| {
        let portal = portals[(place + number) % portals.len()];
        let stage = stage.clone();
        async move { tokio::spawn(codes_of_one(stage, portal, share)).await }
    });
    let ended = stream::iter(tasks).buffer_unordered(AT_ONCE).map(|ended| match ended {
        Ok(codes) => codes,
        Err(error) => Err(Trouble::ControlArm(format!("a sample was lost: {error}"))),
    });
    ended.try_collect().await
}

/// The codes that one account is mailed, in order. Attempts are abandoned, in one browser.
async fn codes_of_one(stage: Arc<Stage>, portal: Portal, count: usize) -> Result<Vec<String>, Trouble> {
    let (person, account) = stage.world.person(portal, Casting::default(), Arc::new(Unwatched)).await?;
    let mut visitor = person.browser("A", &account);
    let mut codes = Vec::with_capacity(count);
    for _ in 0..count {
        let started = visitor.start(&account).await?;
        want(Step::SubmitPassword, Screen::CodeEntry, &started.seen)?;
        codes.push(visitor.mailed_code(&account, &started).await?.code);
    }
    // The control arm: what is counted is what signs in.
    let Some(last) = codes.last() else { return Ok(codes) };
    let seen = visitor.submit_code(last, SkipBox::Unticked).await?;
    stage.control("the last code should sign in", &seen, seen.is_signed_in())?;
    Ok(codes)
}

/// Codes as digits; `None` where one is none, or they differ in length.
fn digits(sequences: &[Vec<String>]) -> Option<Vec<Vec<Vec<usize>>>> {
    let length = sequences.iter().flatten().next()?.len();
    let read = |code: &String| -> Option<Vec<usize>> {
        let digits: Option<Vec<usize>> = code.chars().map(|c| c.to_digit(10).map(|digit| digit as usize)).collect();
        digits.filter(|digits| digits.len() == length)
    };
    sequences.iter().map(|codes| codes.iter().map(read).collect()).collect()
}

fn judge_zeros(stage: &Stage, sequences: &[Vec<String>]) -> Result<(), Trouble> {
    let codes: Vec<&String> = sequences.iter().flatten().collect();
    if codes.len() < ENOUGH_FOR_ZEROS {
        return Err(Trouble::Means(format!("{} codes are too few to miss a leading zero", codes.len())));
    }
    let lengths: BTreeSet<usize> = codes.iter().map(|code| code.len()).collect();
    let zeros = codes.iter().filter(|code| code.starts_with('0')).count();
    let observed = format!("{zeros} of {} codes begin with 0, their lengths: {lengths:?}", codes.len());
    stage.judge(ZEROS, "codes of one length, some of which begin with 0", observed, zeros > 0 && lengths.len() == 1)
}

fn judge_evenness(stage: &Stage, sequences: &[Vec<String>]) -> Result<(), Trouble> {
    let Some(sequences) = digits(sequences) else {
        return Err(Trouble::Means("codes of digits, all of one length, are what this check can count".to_owned()));
    };
    let tests = tests(&sequences);
    let limit = ERROR_RATE / (LOOKS.len() * tests.len()) as f64;
    let mut worst = &tests[0];
    for test in &tests {
        if test.1 < worst.1 {
            worst = test;
        }
    }
    let length = sequences.iter().flatten().next().map_or(0, Vec::len);
    let count: usize = sequences.iter().map(Vec::len).sum();
    let observed = format!(
        "{count} codes of {length} digits; least probable of {} tests: {} (p = {:.2e}, limit {limit:.1e})",
        tests.len(),
        worst.0,
        worst.1,
    );
    let expected = "at least six digits, evenly spread, independent, repeated as often as chance would";
    stage.judge(EVEN, expected, observed, length >= 6 && worst.1 >= limit)
}

/// Every test with its probability: the spread of each digit, that of each digit against the one in the code before, that of the
/// distance to the code before, and the number of repeats.
fn tests(sequences: &[Vec<Vec<usize>>]) -> Vec<(String, f64)> {
    let length = sequences.iter().flatten().next().map_or(0, Vec::len);
    let mut tests = Vec::new();
    for place in 0..length {
        let mut alone = [0_u64; 10];
        let mut pairs = [0_u64; 100];
        for codes in sequences {
            codes.iter().for_each(|code| alone[code[place]] += 1);
            // Pairs that do not overlap, or the tests of chance would not be independent.
            codes.chunks_exact(2).for_each(|pair| pairs[pair[0][place] * 10 + pair[1][place]] += 1);
        }
        tests.push((format!("the spread of digit {}", place + 1), evenness(&alone)));
        tests.push((format!("digit {} against that of the code before", place + 1), evenness(&pairs)));
    }
    let values = 10_u64.saturating_pow(u32::try_from(length).unwrap_or(u32::MAX));
    let value = |code: &Vec<usize>| code.iter().fold(0_u64, |value, digit| (value * 10 + *digit as u64) % values);
    let mut distances = [0_u64; 10];
    for pair in sequences.iter().flat_map(|codes| codes.chunks_exact(2)) {
        let distance = (value(&pair[1]) + values - value(&pair[0])) % values;
        distances[usize::try_from(distance / (values / 10).max(1)).unwrap_or(9).min(9)] += 1;
    }
    tests.push(("the distance to the code before".to_owned(), evenness(&distances)));
    let mut seen = BTreeSet::new();
    let codes = sequences.iter().flatten();
    let repeated = codes.filter(|code| !seen.insert(value(code))).count() as u64;
    let drawn = sequences.iter().map(Vec::len).sum();
    tests.push(("the number of repeats".to_owned(), repeats(drawn, repeated, values as f64)));
    tests
}

#[cfg(test)]
mod tests_of_the_tests {
    #![allow(clippy::unwrap_used)]
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn least(mut draw: impl FnMut(usize) -> u32, count: usize) -> f64 {
        let codes: Vec<String> = (0..count).map(|number| format!("{:06}", draw(number))).collect();
        let sequences: Vec<Vec<String>> = codes.chunks(50).map(<[String]>::to_vec).collect();
        tests(&digits(&sequences).unwrap()).into_iter().map(|(_, p)| p).fold(1.0, f64::min)
    }

    #[test]
    fn fair_codes_pass_and_faulty_generators_do_not() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let limit = ERROR_RATE / 42.0;
        for _ in 0..20 {
            assert!(least(|_| rng.random_range(0..1_000_000), 10_000) > limit);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let count = 10_000;
        assert!(least(|_| rng.random_range(0..1 << 20) % 1_000_000, count) < limit, "twenty bits, modulo a million");
        assert!(least(|_| rng.random_range(100_000..1_000_000), count) < limit, "no leading zero");
        assert!(least(|number| (number as u32 * 37) % 1_000_000, count) < limit, "counted up");
        assert!(
            least(|number| (number as u32).wrapping_mul(2_654_435_769) % 1_000_000, count) < limit,
            "never repeated"
        );
        assert!(
            least(|_| rng.random_range(0..10_000) * 100 + rng.random_range(0..100), count) > limit,
            "fair in two parts"
        );
        assert!(least(|_| rng.random_range(0..50_000) * 20, count) < limit, "only fifty thousand values");
    }

    #[test]
    fn what_is_no_code_of_digits_is_not_counted() {
        let codes = |codes: &[&str]| vec![codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>()];
        assert!(digits(&codes(&["012345", "999999"])).is_some());
        assert!(digits(&codes(&["012345", "99999"])).is_none());
        assert!(digits(&codes(&["01234a"])).is_none());
        assert!(digits(&[]).is_none());
    }
}
