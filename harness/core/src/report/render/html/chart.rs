//! The figures of a target over time, as a drawing.

use super::words::{moment, percent};
use crate::report::RunReport;
use serde::Serialize;

/// The drawing's size, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 180.0;
/// Space for the words beside the lines.
const LEFT: f64 = 54.0;
const RIGHT: f64 = 142.0;
const ABOVE: f64 = 14.0;
const BELOW: f64 = 26.0;

/// Two lines over time: divergence and coverage.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    /// Lines of the grid: height and word.
    grid: Vec<(f64, &'static str)>,
    lines: Vec<Line>,
    /// The first and the last time.
    from: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    /// The points as the parts of polylines: where a figure is missing, a line ends.
    parts: Vec<String>,
    points: Vec<Point>,
    /// Where the word behind the line stands, and the last value.
    label: f64,
    last: String,
}

#[derive(Debug, Serialize)]
struct Point {
    x: f64,
    y: f64,
    title: String,
}

impl Chart {
    /// The figures of these runs, the earliest first.
    pub(super) fn of(runs: &[&RunReport]) -> Self {
        let divergence = Line::of("divergence", runs, |run| run.figures.divergence);
        let mut coverage = Line::of("coverage", runs, |run| run.figures.coverage);
        // Two words on one line could not be read.
        let apart = coverage.label - divergence.label;
        if apart.abs() < 16.0 {
            coverage.label = divergence.label + if apart > 0.0 { 16.0 } else { -16.0 };
        }
        Self {
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: WIDTH - RIGHT,
            grid: vec![(height(1.0), "100 %"), (height(0.5), "50 %"), (height(0.0), "0 %")],
            lines: vec![divergence, coverage],
            from: runs.first().map(|run| moment(&run.started)).unwrap_or_default(),
            to: runs.last().map(|run| moment(&run.started)).unwrap_or_default(),
        }
    }
}

impl Line {
    fn of(name: &'static str, runs: &[&RunReport], figure: impl Fn(&RunReport) -> Option<f64>) -> Self {
        let step = (WIDTH - LEFT - RIGHT) / (runs.len().max(2) - 1) as f64;
        let mut parts: Vec<Vec<String>> = vec![Vec::new()];
        let mut points = Vec::new();
        for (number, run) in runs.iter().enumerate() {
            let Some(share) = figure(run) else {
                parts.push(Vec::new());
                continue;
            };
            let (x, y) = (tenth(LEFT + step * number as f64), height(share));
            if let Some(part) = parts.last_mut() {
                part.push(format!("{x},{y}"));
            }
            points.push(Point { x, y, title: format!("{}: {name} {}", moment(&run.started), percent(Some(share))) });
        }
        Self {
            name,
            label: points.last().map_or(HEIGHT / 2.0, |point| point.y),
            last: percent(runs.last().and_then(|run| figure(run))),
            parts: parts.into_iter().filter(|part| part.len() > 1).map(|part| part.join(" ")).collect(),
            points,
        }
    }
}

fn height(share: f64) -> f64 {
    tenth(ABOVE + (1.0 - share.clamp(0.0, 1.0)) * (HEIGHT - ABOVE - BELOW))
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Held, Outcome};
    use crate::test_support::{concluded, ran};

    #[test]
    fn a_line_ends_where_a_figure_is_missing() {
        use Outcome::{Diverges, Pass, Skipped};
        let run =
            |outcomes: [Outcome; 2]| concluded(&ran(&[("a", outcomes[0]), ("b", outcomes[1])]), &[], Held::default());
        let runs =
            [[Pass, Pass], [Pass, Diverges], [Skipped, Skipped], [Diverges, Diverges], [Diverges, Pass]].map(run);
        let chart = Chart::of(&runs.iter().collect::<Vec<_>>());
        let divergence = &chart.lines[0];
        assert_eq!(divergence.parts.len(), 2);
        assert_eq!(divergence.points.iter().map(|point| point.y).collect::<Vec<_>>(), [154.0, 84.0, 14.0, 84.0]);
        assert_eq!(divergence.last, "50.0 %");
        assert_eq!(chart.lines[1].points.len(), 5);
    }
}
