//! The arithmetic of the statistical checks: what chance alone would do, and how rarely it would do what was seen.
//!
//! Pure: figures in, probabilities out. The distributions are those of `statrs`.

use statrs::distribution::{ChiSquared, ContinuousCDF, DiscreteCDF, Normal, Poisson};

/// How often a statistical check may fail a target that does nothing wrong: once in a million, over all its tests and looks together.
pub(crate) const ERROR_RATE: f64 = 1e-6;

/// How probable it is that values which are all equally likely are spread at least as unevenly as these counts (Pearson's chi-square
/// test). Wants at least five expected in each.
pub(crate) fn evenness(counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    let expected = total as f64 / counts.len() as f64;
    if counts.len() < 2 || expected < 5.0 {
        return 1.0;
    }
    let statistic: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
    ChiSquared::new((counts.len() - 1) as f64).map_or(1.0, |distribution| distribution.sf(statistic))
}

/// How probable it is that draws which are all equally likely among so many values repeat as often, or as seldom, as was seen: twice
/// the smaller tail of the Poisson distribution that the number of repeats follows where draws are far fewer than values.
pub(crate) fn repeats(drawn: usize, seen: u64, values: f64) -> f64 {
    let expected = drawn as f64 * (drawn as f64 - 1.0) / 2.0 / values;
    let Ok(distribution) = Poisson::new(expected) else { return 1.0 };
    let at_most = distribution.cdf(seen);
    let at_least = if seen == 0 { 1.0 } else { distribution.sf(seen - 1) };
    (2.0 * at_most.min(at_least)).min(1.0)
}

/// What the test of Mann, Whitney and Wilcoxon says of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RankTest {
    /// How probable a difference at least as clear is where both come from one distribution.
    pub(crate) probability: f64,
    /// How often one of the first sample is greater than one of the second, ties counting half: 0.5 where nothing tells them apart.
    pub(crate) first_is_greater: f64,
}

/// Compares two samples by their ranks, ties shared, by the normal approximation: good from some twenty in each on.
pub(crate) fn rank_test(first: &[u64], second: &[u64]) -> RankTest {
    let mut all: Vec<(u64, bool)> = first.iter().map(|value| (*value, true)).collect();
    all.extend(second.iter().map(|value| (*value, false)));
    all.sort_unstable();
    let (mut rank_sum, mut tied, mut before) = (0.0, 0.0, 0.0);
    for group in all.chunk_by(|one, other| one.0 == other.0) {
        let size = group.len() as f64;
        let rank = before + (size + 1.0) / 2.0;
        rank_sum += rank * group.iter().filter(|(_, is_first)| *is_first).count() as f64;
        tied += size.powi(3) - size;
        before += size;
    }
    let (m, n) = (first.len() as f64, second.len() as f64);
    let (greater, total) = (rank_sum - m * (m + 1.0) / 2.0, m + n);
    let variance = m * n / 12.0 * (total + 1.0 - tied / (total * (total - 1.0)));
    if !(variance.is_finite() && variance > 0.0) {
        return RankTest { probability: 1.0, first_is_greater: 0.5 };
    }
    let z = (greater - m * n / 2.0).abs() / variance.sqrt();
    let probability = (2.0 * Normal::standard().sf(z)).min(1.0);
    RankTest { probability, first_is_greater: greater / (m * n) }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn known_values_of_the_distributions_come_out() {
        // Chi-square of 9 degrees: 27.877 is its upper 0.1 % point.
        let uneven = [200, 100, 100, 100, 100, 100, 100, 100, 100, 100];
        assert!(evenness(&uneven) < 1e-9);
        let even = [100; 10];
        assert!((evenness(&even) - 1.0).abs() < 1e-12);
        let (low, high) = (27.8, 27.9);
        let tail = |x| ChiSquared::new(9.0).map_or(0.0, |distribution| distribution.sf(x));
        assert!(tail(high) < 0.001 && tail(low) > 0.001);
        // Ten thousand of a million repeat about 50 times; never repeating is as suspicious as repeating too often.
        assert!(repeats(10_000, 50, 1e6) > 0.5);
        assert!(repeats(10_000, 0, 1e6) < 1e-20 && repeats(10_000, 150, 1e6) < 1e-20);
    }

    #[test]
    fn samples_apart_are_told_apart_and_equal_ones_are_not() {
        let low: Vec<u64> = (0..25).collect();
        let high: Vec<u64> = (100..125).collect();
        let apart = rank_test(&high, &low);
        assert!(apart.probability < ERROR_RATE / 3.0 && apart.first_is_greater > 0.999, "{apart:?}");
        assert!((rank_test(&low, &low).probability - 1.0).abs() < 1e-9);
        assert_eq!(rank_test(&[7; 20], &[7; 20]).first_is_greater, 0.5, "nothing but ties");
        assert_eq!(rank_test(&[], &low).probability, 1.0);
    }

    /// The stated error rate is kept: of many fair samples a share of about `p` has a probability below `p`.
    #[test]
    fn chance_alone_is_seldom_taken_for_more() {
        let mut rng = ChaCha8Rng::seed_from_u64(20_250_813);
        let (mut uneven, mut apart) = (0, 0);
        let rounds = 2_000;
        for _ in 0..rounds {
            let mut counts = [0_u64; 10];
            (0..500).for_each(|_| counts[rng.random_range(0..10)] += 1);
            uneven += usize::from(evenness(&counts) < 0.01);
            let mut sample = || -> Vec<u64> { (0..40).map(|_| rng.random_range(0..1_000)).collect() };
            apart += usize::from(rank_test(&sample(), &sample()).probability < 0.01);
        }
        for (what, count) in [("uneven", uneven), ("apart", apart)] {
            assert!((5..=40).contains(&count), "{count} of {rounds} fair samples looked {what}");
        }
    }
}
