//! Charts as inline SVG. Sideways everything is a share of the width and upwards everything is pixels, so a chart fits a phone and a
//! desktop with letters of one size; colours are CSS classes, so it fits light and dark. Whole numbers only: a figure in a chart is
//! the figure of the books.

use super::page::escape;
use crate::cli::words::{minor, number};
use crm_core::value::Currency;
use std::fmt::Write;

/// Height of the part with the columns, in pixels.
const PLOT: i128 = 200;
/// Room above it, for the topmost label of the axis.
const ABOVE: i128 = 10;
/// Room below it, for labels in two lines.
const BELOW: i128 = 36;

/// One thing that is counted, with its values.
pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    /// Class of its colour: `issued`, `spent`, …
    pub(crate) class: &'a str,
    /// Below zero for what points down.
    pub(crate) values: Vec<i64>,
}

/// A label below a column: its name, and a second line where it changes.
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) full: String,
}

/// Columns over time; values of one label are stacked, up and down from zero.
pub(crate) struct Columns<'a> {
    /// What the chart shows, for those who do not see it.
    pub(crate) title: String,
    pub(crate) labels: Vec<Label>,
    pub(crate) series: Vec<Series<'a>>,
    /// Of which currency the values are minor units; none for plain numbers.
    pub(crate) currency: Option<Currency>,
}

/// Hundred-thousandths as a share of the width: `12.345%`.
fn share(part: i128, whole: i128) -> String {
    let parts = part.max(0) * 100_000 / whole.max(1);
    format!("{}.{:03}%", parts / 1000, parts % 1000)
}

/// A share in percent with one digit, rounded half up: `66.7`.
pub(crate) fn percent(part: i128, whole: i128) -> String {
    let per_mille = (part * 2_000 + whole) / (whole * 2).max(1);
    format!("{}.{}", per_mille / 10, per_mille % 10)
}

/// The step of an axis: 1, 2 or 5 times a power of ten, so that about four steps cover the span.
fn step(span: i128) -> i128 {
    let rough = (span + 3) / 4;
    let mut unit = 1;
    while unit * 10 <= rough {
        unit *= 10;
    }
    [1, 2, 5, 10].into_iter().map(|times| times * unit).find(|step| rough <= *step).unwrap_or(unit * 10).max(1)
}

/// `1,200`, `12k`, `3.5M`: exact for the round numbers of an axis.
fn compact(value: i128) -> String {
    let units = [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    let found = units.into_iter().find(|(unit, _)| 10 * unit <= value.abs() * 10 && value % (unit / 10) == 0);
    match found {
        Some((unit, name)) if value % unit == 0 => format!("{}{name}", value / unit),
        Some((unit, name)) => format!("{}.{}{name}", value / unit, (value % unit).abs() / (unit / 10)),
        None => number(value),
    }
}

impl Columns<'_> {
    /// A value as it is told.
    fn told(&self, value: i128) -> String {
        self.currency.map_or_else(|| number(value), |currency| minor(currency, value))
    }

    /// A value at the axis, in major units.
    fn at_axis(&self, value: i128) -> String {
        let unit = 10_i128.pow(self.currency.map_or(0, |currency| currency.digits()));
        if value % unit == 0 {
            compact(value / unit)
        } else {
            self.told(value).split(' ').next().unwrap_or_default().to_owned()
        }
    }

    /// The highest stack and the lowest, at whole steps of the axis.
    fn bounds(&self) -> (i128, i128, i128) {
        let stacked = |down: bool| {
            let of = |place: usize| {
                let values = self.series.iter().filter_map(|series| series.values.get(place)).map(|v| i128::from(*v));
                values.filter(|value| (*value < 0) == down).sum::<i128>()
            };
            (0..self.labels.len()).map(of).collect::<Vec<_>>()
        };
        let top = stacked(false).into_iter().max().unwrap_or(0).max(0);
        let bottom = stacked(true).into_iter().min().unwrap_or(0).min(0);
        let step = step((top - bottom).max(1));
        let up = (top + step - 1) / step * step;
        let down = (bottom - step + 1) / step * step;
        (if up == down { step } else { up }, down, step)
    }

    /// The chart: a legend if there is something to tell apart, an axis, the columns.
    pub(crate) fn svg(&self) -> String {
        let (top, bottom, step) = self.bounds();
        let height = ABOVE + PLOT + BELOW;
        let y = |value: i128| ABOVE + (top - value) * PLOT / (top - bottom).max(1);
        let mut axis = String::new();
        let mut grid = String::new();
        let mut value = bottom;
        while value <= top {
            let (at, class) = (y(value), if value == 0 { "zero" } else { "rule" });
            let _ = write!(
                axis,
                "<text x=\"100%\" dx=\"-6\" y=\"{at}\" dy=\"4\" class=\"end\">{}</text>",
                self.at_axis(value)
            );
            let _ = write!(grid, "<line x1=\"0\" x2=\"100%\" y1=\"{at}\" y2=\"{at}\" class=\"{class}\"/>");
            value += step;
        }
        let legend =
            if self.series.len() > 1 { legend(self.series.iter().map(|s| (s.class, s.name))) } else { String::new() };
        format!(
            "{legend}<div class=\"plot\" role=\"img\" aria-label=\"{}\"><svg class=\"axis\" height=\"{height}\" aria-hidden=\"true\">{axis}</svg>\
             <svg class=\"area\" height=\"{height}\" aria-hidden=\"true\">{grid}{}{}</svg></div>",
            escape(&self.title),
            self.columns(&y),
            self.names(),
        )
    }

    fn columns(&self, y: &dyn Fn(i128) -> i128) -> String {
        let count = i128::try_from(self.labels.len()).unwrap_or(1);
        let mut drawn = String::new();
        for (place, label) in self.labels.iter().enumerate() {
            let left = i128::try_from(place).unwrap_or(0);
            let (mut up, mut down) = (0_i128, 0_i128);
            for series in &self.series {
                let value = series.values.get(place).copied().map_or(0, i128::from);
                let foot = if value < 0 { &mut down } else { &mut up };
                let (high, low) = (y((*foot).max(*foot + value)), y((*foot).min(*foot + value)));
                *foot += value;
                if value == 0 {
                    continue;
                }
                let (name, full) = (escape(series.name), escape(&label.full));
                let _ = write!(
                    drawn,
                    "<rect class=\"{}\" x=\"{}\" width=\"{}\" y=\"{high}\" height=\"{}\"><title>{full}, {name}: {}</title></rect>",
                    series.class,
                    share(left * 10 + 1, count * 10),
                    share(8, count * 10),
                    (low - high).max(1),
                    self.told(value.abs()),
                );
            }
        }
        drawn
    }

    fn names(&self) -> String {
        let count = i128::try_from(self.labels.len()).unwrap_or(1);
        // At most so many names fit on a desktop; on a phone every second of them is hidden.
        let every = (self.labels.len().saturating_sub(1) / 12) + 1;
        let named = |step: usize| self.labels.iter().enumerate().step_by(step);
        let mut drawn = String::new();
        let (mut group, mut group_narrow) = ("", "");
        for (place, label) in named(every) {
            let middle = share(i128::try_from(place).unwrap_or(0) * 2 + 1, count * 2);
            let (first, second) = (ABOVE + PLOT + 16, ABOVE + PLOT + 31);
            let narrow = place % (every * 2) == 0;
            let mut write = |y: i128, class: &str, text: &str| {
                let text = escape(text);
                let _ = write!(drawn, "<text x=\"{middle}\" y=\"{y}\" class=\"{class}\">{text}</text>");
            };
            write(first, if narrow { "mid" } else { "mid wide" }, &label.name);
            // A group stands below the first name of it that is shown, which on a phone may be another one.
            let begins = std::mem::replace(&mut group, &label.group) != label.group;
            let begins_narrow = narrow && std::mem::replace(&mut group_narrow, &label.group) != label.group;
            match (begins, begins_narrow) {
                (true, true) => write(second, "mid", &label.group),
                (true, false) => write(second, "mid wide", &label.group),
                (false, true) => write(second, "mid narrow", &label.group),
                (false, false) => {}
            }
        }
        drawn
    }
}

/// What the colours mean.
pub(crate) fn legend<'a>(series: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut drawn = String::from("<ul class=\"legend\">");
    for (class, name) in series {
        let _ = write!(
            drawn,
            "<li><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"{class}\" width=\"12\" height=\"12\" rx=\"2\"/></svg>{}</li>",
            escape(name)
        );
    }
    drawn.push_str("</ul>");
    drawn
}

/// A bar of a list: its name and its parts, each with a class, a name and a value.
pub(crate) struct Bar<'a> {
    pub(crate) name: &'a str,
    pub(crate) parts: Vec<(&'a str, &'a str, u64)>,
}

/// Bars from left to right, one below the other, with their sums.
pub(crate) fn bars(title: &str, bars: &[Bar<'_>]) -> String {
    let sum = |bar: &Bar<'_>| bar.parts.iter().map(|(_, _, value)| i128::from(*value)).sum::<i128>();
    let whole = bars.iter().map(sum).sum::<i128>();
    let mut drawn = String::new();
    let mut top = 0;
    for bar in bars {
        let total = sum(bar);
        let _ = write!(
            drawn,
            "<text x=\"0\" y=\"{}\">{}</text><text x=\"100%\" y=\"{0}\" class=\"end\">{} · {} %</text>\
             <rect class=\"empty\" x=\"0\" width=\"100%\" y=\"{}\" height=\"12\" rx=\"3\"/>",
            top + 14,
            escape(bar.name),
            number(total),
            percent(total, whole),
            top + 20,
        );
        let mut left = 0;
        for (class, name, value) in bar.parts.iter().filter(|(_, _, value)| 0 < *value) {
            let value = i128::from(*value);
            let _ = write!(
                drawn,
                "<rect class=\"{class}\" x=\"{}\" width=\"{}\" y=\"{}\" height=\"12\"><title>{}, {}: {}</title></rect>",
                share(left, whole),
                share(value, whole),
                top + 20,
                escape(bar.name),
                escape(name),
                number(value),
            );
            left += value;
        }
        top += 44;
    }
    format!("<svg class=\"bars\" height=\"{top}\" role=\"img\" aria-label=\"{}\">{drawn}</svg>", escape(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_steps() {
        for (span, expected) in [(1, 1), (4, 1), (7, 2), (100, 50), (99, 50), (1_000, 500), (123_456, 50_000)] {
            assert_eq!(step(span), expected, "{span}");
        }
        let told: Vec<_> = [0, 500, 1_000, 1_500, -2_000, 50_000, 2_500_000, 1_234].into_iter().map(compact).collect();
        assert_eq!(told, ["0", "500", "1k", "1.5k", "-2k", "50k", "2.5M", "1,234"]);
    }

    #[test]
    fn money_stands_at_the_axis_in_major_units() {
        let columns =
            Columns { title: "t".into(), labels: Vec::new(), series: Vec::new(), currency: Currency::new("CNY").ok() };
        let told: Vec<_> = [0, 50, 2_000, 500_000].into_iter().map(|value| columns.at_axis(value)).collect();
        assert_eq!(told, ["0", "0.50", "20", "5k"]);
    }

    #[test]
    fn shares_are_rounded_half_up() {
        assert_eq!(
            [percent(2, 3), percent(1, 3), percent(1, 1), percent(0, 0), percent(1, 2_000)],
            ["66.7", "33.3", "100.0", "0.0", "0.1"]
        );
    }

    #[test]
    fn a_bar_is_as_long_as_its_percentage_says() {
        let part = |value| vec![("c0", "members", value)];
        let drawn = bars("t", &[Bar { name: "a", parts: part(8) }, Bar { name: "b", parts: part(4) }]);
        assert!(drawn.contains("66.7 %") && drawn.contains("width=\"66.666%\""), "{drawn}");
    }

    #[test]
    fn every_year_stands_below_a_month_that_is_named() {
        let label = |month: usize| Label {
            name: format!("m{}", month % 12),
            group: (2026 + month / 12).to_string(),
            full: month.to_string(),
        };
        for (first, count) in [(11, 13), (3, 21), (0, 36), (6, 5)] {
            let columns = Columns {
                title: "t".into(),
                labels: (first..first + count).map(label).collect(),
                series: Vec::new(),
                currency: None,
            };
            let drawn = columns.names();
            let texts: Vec<&str> = drawn.split("<text ").skip(1).collect();
            for hidden in ["narrow", "wide"] {
                let shown: Vec<_> = texts.iter().filter(|text| !text.contains(&format!("mid {hidden}\""))).collect();
                let place = |text: &str| text.split('"').nth(1).unwrap().to_owned();
                let years: Vec<_> = shown.iter().filter(|text| text.contains(">20")).collect();
                let below = |year: &str| shown.iter().any(|text| text.contains(">m") && place(text) == place(year));
                assert!(!years.is_empty() && years.iter().all(|year| below(year)), "{first} {count} {hidden} {drawn}");
            }
        }
    }

    #[test]
    fn stacks_stay_within_the_axis() {
        let label = |name: &str| Label { name: name.into(), group: "2026".into(), full: name.into() };
        let series = |name, values: &[i64]| Series { name, class: "issued", values: values.to_vec() };
        let columns = Columns {
            title: "a <b>".into(),
            labels: vec![label("Jan"), label("Feb")],
            series: vec![series("a", &[3, 9_007_199_254_740_991]), series("b", &[-7, -1])],
            currency: None,
        };
        let (top, bottom, step) = columns.bounds();
        assert!(9_007_199_254_740_991 <= top && bottom <= -7 && top % step == 0 && bottom % step == 0);
        let svg = columns.svg();
        assert!(svg.contains("Feb, a: 9,007,199,254,740,991") && svg.contains("a &lt;b&gt;") && !svg.contains("NaN"));
    }
}
