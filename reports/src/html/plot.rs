//! The geometry of the plots. Lines differ by dashes and by a label at their end, not by colour alone.

use crate::histogram::Latencies;
use crate::record::IntervalRow;
use crate::units::{count, latency};

/// Size of a plot and of the frame that its lines are drawn in, in units of the drawing.
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 610.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 256.0;
/// Least distance between two labels, one above the other.
const LABEL_HEIGHT: f64 = 15.0;
/// Points of a line, at most: more cannot be told apart.
const MOST_POINTS: usize = 240;
/// Dashes of the lines, one for each colour that the style sheet knows.
const DASHES: [&str; 6] = ["none", "8 3", "2 3", "10 3 2 3", "5 5", "14 4"];

/// A plot, ready to be drawn.
pub(super) struct Plot {
    /// Prefix of the ids in its drawing.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What the plot shows, in words.
    pub(super) description: String,
    pub(super) x_label: &'static str,
    pub(super) y_label: &'static str,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) lines: Vec<Line>,
}

impl Plot {
    pub(super) const WIDTH: f64 = WIDTH;
    pub(super) const HEIGHT: f64 = HEIGHT;
    pub(super) const LEFT: f64 = LEFT;
    pub(super) const RIGHT: f64 = RIGHT;
    pub(super) const TOP: f64 = TOP;
    pub(super) const BOTTOM: f64 = BOTTOM;
}

/// A mark on an axis.
pub(super) struct Tick {
    pub(super) at: String,
    pub(super) label: String,
}

/// A line with its label.
pub(super) struct Line {
    pub(super) name: String,
    /// Which of the colours of the style sheet it has.
    pub(super) color: usize,
    pub(super) dashes: &'static str,
    pub(super) points: String,
    pub(super) label_y: String,
}

/// Stories begun, sign-ins completed and stories broken off in each second; none where no second was recorded. A last second
/// that the run did not fill is left out: it would look like a fall.
pub(super) fn rates(intervals: &[IntervalRow], duration_s: f64) -> Option<Plot> {
    let filled = intervals.iter().take_while(|row| row.second as f64 + 1.0 <= duration_s + 0.05).count();
    let intervals = if filled < 2 { intervals } else { &intervals[..filled] };
    let last = intervals.iter().map(|row| row.second).max()? as f64;
    let group = intervals.len().div_ceil(MOST_POINTS);
    let series = |name: &str, value: fn(&IntervalRow) -> u64| {
        let mean = |rows: &[IntervalRow]| {
            let mid = rows[rows.len() / 2].second as f64;
            (mid, rows.iter().map(value).sum::<u64>() as f64 / rows.len() as f64)
        };
        (name.to_owned(), intervals.chunks(group).map(mean).collect::<Vec<_>>())
    };
    let series = vec![
        series("stories begun", |row| row.begun),
        series("sign-ins", |row| row.sign_ins),
        series("broken off", |row| row.errors),
    ];
    let largest = series.iter().flat_map(|(_, points)| points).map(|(_, value)| *value).fold(1.0, f64::max);
    let (y_step, x_step) = (tick_step(largest), tick_step(last.max(1.0)));
    let top = (largest / y_step).ceil() * y_step;
    let x = Axis { from: 0.0, to: last.max(1.0), start: LEFT, end: RIGHT };
    let y = Axis { from: 0.0, to: top, start: BOTTOM, end: TOP };
    let completed: u64 = intervals.iter().map(|row| row.sign_ins).sum();
    let best = intervals.iter().map(|row| row.sign_ins).max().unwrap_or(0);
    let description =
        format!("{} sign-ins in {} whole seconds, at most {} in one.", count(completed), intervals.len(), count(best),);
    Some(Plot {
        id: "rates",
        title: "Stories and sign-ins per second",
        description,
        x_label: "seconds since the start",
        y_label: "number in each second",
        x_ticks: x.ticks(multiples(x_step, x.to), |value| value.to_string()),
        y_ticks: y.ticks(multiples(y_step, top), |value| value.to_string()),
        lines: lines(series, &x, &y),
    })
}

/// The latency that a growing share of all values stays within, for each step; none where nothing was measured. The axis
/// of shares stretches towards 100 %: each nine takes as much room as the one before.
pub(super) fn percentiles(steps: &[(&str, Latencies)]) -> Option<Plot> {
    let measured: Vec<&(&str, Latencies)> = steps.iter().filter(|(_, latencies)| latencies.count() > 0).collect();
    let most = measured.iter().map(|(_, latencies)| latencies.count()).max()?;
    // A histogram of n values says nothing about shares closer to 100 % than 1/n.
    let nines = (most as f64).log10().ceil().clamp(1.0, 6.0);
    let share = |nines: f64| 100.0 * (1.0 - 10f64.powf(-nines));
    let curve = |(name, latencies): &(&str, Latencies)| {
        let steps: Vec<(f64, u64)> = latencies.distribution().collect();
        let end = (latencies.count() as f64).log10().clamp(0.1, nines);
        let at = |point: usize| end * point as f64 / (MOST_POINTS - 1) as f64;
        let value = |nines: f64| {
            let place = steps.partition_point(|(percent, _)| *percent < share(nines));
            let (_, latency_us) = steps[place.min(steps.len() - 1)];
            (latency_us.max(1) as f64).log10()
        };
        ((*name).to_owned(), (0..MOST_POINTS).map(|point| (at(point), value(at(point)))).collect::<Vec<_>>())
    };
    let series: Vec<(String, Vec<(f64, f64)>)> = measured.iter().map(|step| curve(step)).collect();
    let values = || series.iter().flat_map(|(_, points)| points).map(|(_, value)| *value);
    let (lowest, highest) = (values().fold(f64::MAX, f64::min).floor(), values().fold(f64::MIN, f64::max).ceil());
    let x = Axis { from: 0.0, to: nines, start: LEFT, end: RIGHT };
    let y = Axis { from: lowest, to: highest.max(lowest + 1.0), start: BOTTOM, end: TOP };
    let decades = (lowest as i32..=y.to as i32).map(f64::from);
    let slowest = measured.iter().max_by_key(|(_, latencies)| latencies.percentile_us(99.0));
    let description = slowest.map_or(String::new(), |(name, latencies)| {
        format!("Slowest is {name}: 99 % within {}.", latency(latencies.percentile_us(99.0)))
    });
    let percent = |nines: f64| match nines as usize {
        0 => "0 %".to_owned(),
        1 => "90 %".to_owned(),
        nines => format!("99{}{} %", if nines > 2 { "." } else { "" }, "9".repeat(nines - 2)),
    };
    Some(Plot {
        id: "percentiles",
        title: "Latency by share of all values",
        description,
        x_label: "share of values that stay within",
        y_label: "latency, logarithmic",
        x_ticks: x.ticks((0..=nines as u32).map(f64::from), percent),
        y_ticks: y.ticks(decades, |decade| decade_label(decade as u32)),
        lines: lines(series, &x, &y),
    })
}

/// `10 µs`, `100 ms`, `1 s`: a power of ten of microseconds.
fn decade_label(decade: u32) -> String {
    let us = 10u64.pow(decade.min(18));
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        _ => format!("{} s", us / 1_000_000),
    }
}

/// From values to places in the drawing.
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        self.start + (value - self.from) / (self.to - self.from) * (self.end - self.start)
    }

    fn ticks(&self, values: impl Iterator<Item = f64>, label: impl Fn(f64) -> String) -> Vec<Tick> {
        values.map(|value| Tick { at: number(self.place(value)), label: label(value) }).collect()
    }
}

fn lines(series: Vec<(String, Vec<(f64, f64)>)>, x: &Axis, y: &Axis) -> Vec<Line> {
    let ends: Vec<f64> =
        series.iter().map(|(_, points)| points.last().map_or(BOTTOM, |(_, value)| y.place(*value))).collect();
    let labels = apart(&ends);
    let line = |(at, (name, points)): (usize, (String, Vec<(f64, f64)>))| Line {
        name,
        color: at % DASHES.len(),
        // Where the colours start over, the dashes are shifted, so that no two lines look the same.
        dashes: DASHES[(at + at / DASHES.len()) % DASHES.len()],
        points: points
            .iter()
            .map(|(across, up)| format!("{},{}", number(x.place(*across)), number(y.place(*up))))
            .collect::<Vec<_>>()
            .join(" "),
        label_y: number(labels[at]),
    };
    series.into_iter().enumerate().map(line).collect()
}

/// Places near `wanted` that keep [`LABEL_HEIGHT`] between each other, in the same order from top to bottom.
fn apart(wanted: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut places = wanted.to_vec();
    let mut above = f64::MIN;
    for at in &order {
        places[*at] = places[*at].max(above + LABEL_HEIGHT);
        above = places[*at];
    }
    let mut below = BOTTOM + LABEL_HEIGHT;
    for at in order.iter().rev() {
        places[*at] = places[*at].min(below - LABEL_HEIGHT);
        below = places[*at];
    }
    places
}

/// A step of 1, 2 or 5 times a power of ten that divides `largest` into at most six.
fn tick_step(largest: f64) -> f64 {
    let power = 10f64.powf((largest / 6.0).log10().floor()).max(1.0);
    [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| largest / step <= 6.0).unwrap_or(10.0 * power)
}

fn multiples(step: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..).map(move |n| f64::from(n) * step).take_while(move |value| *value <= to)
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn inside(plot: &Plot) -> bool {
        let place = |text: &str| text.parse::<f64>().unwrap();
        plot.lines.iter().flat_map(|line| line.points.split(' ')).all(|point| {
            let (x, y) = point.split_once(',').unwrap();
            (LEFT - 0.1..=RIGHT + 0.1).contains(&place(x)) && (TOP - 0.1..=BOTTOM + 0.1).contains(&place(y))
        })
    }

    proptest! {
        #[test]
        fn every_point_lies_within_the_frame(
            rows in prop::collection::vec((0..2_000u64, 0..2_000u64), 1..600),
            values in prop::collection::vec(0..100_000_000u64, 1..60),
        ) {
            let interval = |(second, (begun, sign_ins)): (usize, (u64, u64))| IntervalRow {
                second: second as u64, begun, sign_ins, ..IntervalRow::default()
            };
            let intervals: Vec<IntervalRow> = rows.into_iter().enumerate().map(interval).collect();
            let plot = rates(&intervals, intervals.len() as f64).unwrap();
            prop_assert!(inside(&plot) && plot.lines[0].points.split(' ').count() <= MOST_POINTS);
            prop_assert!((2..=8).contains(&plot.y_ticks.len()), "{}", plot.y_ticks.len());
            let mut latencies = Latencies::new();
            values.into_iter().for_each(|value| latencies.record(value));
            prop_assert!(inside(&percentiles(&[("a", latencies.clone()), ("b", latencies)]).unwrap()));
        }

        #[test]
        fn labels_keep_apart_and_in_order(wanted in prop::collection::vec(TOP..BOTTOM, 1..8)) {
            let places = apart(&wanted);
            for a in 0..places.len() {
                prop_assert!(places[a] <= BOTTOM + 0.1);
                for b in 0..a {
                    prop_assert!((places[a] - places[b]).abs() > LABEL_HEIGHT - 0.1);
                }
            }
        }
    }

    #[test]
    fn nothing_measured_is_no_plot() {
        assert!(rates(&[], 0.0).is_none());
        assert!(percentiles(&[("a", Latencies::new())]).is_none());
    }

    #[test]
    fn axes_read_well() {
        assert_eq!([1.0, 6.0, 29.0, 200.0, 3_600.0].map(tick_step), [1.0, 1.0, 5.0, 50.0, 1_000.0]);
        assert_eq!([0, 3, 5, 6].map(decade_label), ["1 µs", "1 ms", "100 ms", "1 s"]);
        let mut latencies = Latencies::new();
        (0..2_000).for_each(|value| latencies.record(value));
        let labels: Vec<String> =
            percentiles(&[("a", latencies)]).unwrap().x_ticks.into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
    }
}
