//! The page: sections, tables, style.

use super::chart::{Bar, Columns, Label, Series, bars, legend, percent};
use super::cohort::{Cohort, MONTHS};
use super::figures::{Figures, LadderFigures, LifecycleFigures, PointFigures};
use super::months::Month;
use crate::cli::words::{money, number};
use std::fmt::Write;

/// Most months of one chart: more columns than this cannot be told apart on a phone.
const MONTHS_SHOWN: usize = 36;
/// Most rows of the table of cohorts.
const COHORTS_SHOWN: usize = 24;
/// Classes of colours for lists of any length.
pub(super) const COLOURS: [&str; 7] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6"];

/// Text from outside, made harmless between tags and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// The whole page.
pub(crate) fn page(figures: &Figures) -> String {
    let name = escape(&figures.program);
    let mut body = String::new();
    let _ = write!(
        body,
        "<header><p class=\"kicker\">Loyalty report</p><h1>{name}</h1><p>As of <time datetime=\"{}\">{}</time> ({}), revision {} of the program.</p></header>",
        figures.at,
        escape(&figures.local),
        escape(&figures.zone),
        figures.revision,
    );
    body.push_str(&facts(figures));
    body.push_str(&members(figures));
    for points in &figures.points {
        body.push_str(&points_section(points, figures));
    }
    for ladder in figures.ladders.iter().filter(|ladder| !ladder.months.is_empty()) {
        body.push_str(&tier_moves(ladder, figures));
    }
    if let Some(offers) = &figures.offers {
        body.push_str(&offers.section());
    }
    body.push_str(&figures.shared.sections());
    body.push_str(&cohorts(&figures.cohorts));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{name} – loyalty report</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         <footer>Made by crm {}. Every figure is a whole number of the books; columns and bars show it when pointed at.</footer>\n</body>\n</html>\n",
        include_str!("style.css"),
        env!("CARGO_PKG_VERSION"),
    )
}

/// The figures on top.
fn facts(figures: &Figures) -> String {
    let mut facts = vec![("Members".to_owned(), number(figures.members), String::new())];
    facts.push(("Valid orders".to_owned(), number(figures.orders), "paid, not fully refunded".to_owned()));
    for sales in &figures.net_sales {
        facts.push(("Net sales".to_owned(), money(sales), "after refunds".to_owned()));
    }
    let share = percent(figures.repeat_buyers.into(), figures.buyers.into());
    let of = format!("{} of {} buyers", number(figures.repeat_buyers), number(figures.buyers));
    facts.push(("Bought again".to_owned(), format!("{share} %"), of));
    for points in &figures.points {
        let liability = &points.liability;
        let title = format!("Outstanding {}", liability.currency);
        let worth = liability.value.as_ref().map_or_else(String::new, |value| format!("worth {}", money(value)));
        facts.push((title, number(liability.outstanding.get()), worth));
    }
    for cards in &figures.shared.gift_cards {
        let owed = crm_core::value::Money { currency: cards.currency, amount: cards.outstanding };
        let of = format!("on {} gift cards", number(cards.cards));
        facts.push(("Outstanding on gift cards".to_owned(), money(&owed), of));
    }
    let mut drawn = String::from("<dl class=\"facts\">");
    for (name, value, note) in facts {
        let _ = write!(drawn, "<div><dt>{}</dt><dd>{}</dd>", escape(&name), escape(&value));
        if !note.is_empty() {
            let _ = write!(drawn, "<dd class=\"note\">{}</dd>", escape(&note));
        }
        drawn.push_str("</div>");
    }
    drawn + "</dl>\n"
}

pub(super) fn section(title: &str, figures: &[String]) -> String {
    if figures.is_empty() {
        return String::new();
    }
    format!("<section><h2>{}</h2><div class=\"grid\">{}</div></section>\n", escape(title), figures.concat())
}

/// A chart with a caption, and its figures as a table for those who want them exactly.
pub(super) fn figure(caption: &str, chart: &str, table: &str) -> String {
    let caption = escape(caption);
    format!(
        "<figure><figcaption>{caption}</figcaption>{chart}<details><summary>Figures</summary><div class=\"scroll\">{table}</div></details></figure>"
    )
}

pub(super) fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut drawn = String::from("<table><thead><tr>");
    for head in heads {
        let _ = write!(drawn, "<th scope=\"col\">{}</th>", escape(head));
    }
    drawn.push_str("</tr></thead><tbody>");
    for row in rows {
        drawn.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            let _ = if place == 0 {
                write!(drawn, "<th scope=\"row\">{cell}</th>")
            } else {
                write!(drawn, "<td>{cell}</td>")
            };
        }
        drawn.push_str("</tr>");
    }
    drawn + "</tbody></table>"
}

fn members(figures: &Figures) -> String {
    let mut drawn: Vec<String> = figures.ladders.iter().map(tier_members).collect();
    drawn.extend(figures.lifecycle.as_ref().map(stage_members));
    section("Members", &drawn)
}

fn tier_members(ladder: &LadderFigures) -> String {
    let list: Vec<_> = ladder
        .tiers
        .iter()
        .rev()
        .map(|(tier, count)| Bar { name: tier.as_str(), parts: vec![("c0", "members", *count)] })
        .collect();
    let caption = format!("By tier of {}", ladder.ladder);
    let rows = ladder.tiers.iter().rev().map(|(tier, count)| vec![tier.to_string(), number(*count)]);
    figure(&caption, &bars(&caption, &list), &table(&["Tier", "Members"], rows))
}

fn stage_members(life: &LifecycleFigures) -> String {
    let colour = |place: usize| COLOURS.get(place % COLOURS.len()).copied().unwrap_or("c0");
    let list: Vec<_> = life
        .stages
        .iter()
        .zip(&life.members)
        .rev()
        .map(|(stage, counts)| {
            let parts = life.activities.iter().zip(counts).enumerate();
            let parts = parts.map(|(place, (activity, count))| (colour(place), activity.as_str(), *count));
            Bar { name: stage, parts: parts.collect() }
        })
        .collect();
    let names = life.activities.iter().enumerate().map(|(place, activity)| (colour(place), activity.as_str()));
    let caption = "By stage and activity";
    let chart = legend(names) + &bars(caption, &list);
    let mut heads = vec!["Stage"];
    heads.extend(life.activities.iter().map(String::as_str));
    let rows = life.stages.iter().zip(&life.members).rev().map(|(stage, counts)| {
        let mut row = vec![stage.clone()];
        row.extend(counts.iter().map(|count| number(*count)));
        row
    });
    figure(caption, &chart, &table(&heads, rows))
}

pub(super) fn label(month: Month) -> Label {
    Label { name: month.short(), group: format!("{:04}", month.year()), full: month.to_string() }
}

/// The newest months, if there are too many for one chart.
pub(super) fn newest<T>(months: &[T]) -> &[T] {
    months.split_at_checked(months.len().saturating_sub(MONTHS_SHOWN)).map_or(months, |(_, newest)| newest)
}

fn points_section(points: &PointFigures, figures: &Figures) -> String {
    let currency = points.liability.currency.as_str();
    let mut drawn = Vec::new();
    if !points.months.is_empty() {
        let months = newest(&points.months);
        let labels = || months.iter().map(|month| label(month.month)).collect();
        let series = |name, class, value: fn(&super::figures::PointMonth) -> i64| Series {
            name,
            class,
            values: months.iter().map(value).collect(),
        };
        let flow = Columns {
            title: format!("{currency} issued, spent, expired and taken back by month"),
            labels: labels(),
            series: vec![
                series("issued", "issued", |month| month.issued),
                series("spent", "spent", |month| -month.spent),
                series("expired", "expired", |month| -month.expired),
                series("taken back", "back", |month| -month.taken_back),
            ],
            currency: None,
        };
        let rows = points.months.iter().map(|month| {
            let values = [month.issued, month.spent, month.expired, month.taken_back, month.outstanding];
            std::iter::once(month.month.to_string()).chain(values.map(number)).collect()
        });
        let heads = ["Month", "Issued", "Spent", "Expired", "Taken back", "Outstanding"];
        drawn.push(figure("Issued, spent, expired and taken back by month", &flow.svg(), &table(&heads, rows)));
        let stock = Columns {
            title: format!("{currency} outstanding at the end of each month"),
            labels: labels(),
            series: vec![series("outstanding", "stock", |month| month.outstanding)],
            currency: None,
        };
        let rows = points.months.iter().map(|month| vec![month.month.to_string(), number(month.outstanding)]);
        drawn.push(figure(
            "Outstanding at the end of each month",
            &stock.svg(),
            &table(&["Month", "Outstanding"], rows),
        ));
    }
    drawn.extend(liability(points, Month::of_report(figures)));
    let name = currency
        .chars()
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(currency.chars().skip(1)).collect());
    section(&name, &drawn)
}

/// What ends when.
fn liability(points: &PointFigures, present: Option<Month>) -> Option<String> {
    let liability = &points.liability;
    if liability.by_month.is_empty() {
        return None;
    }
    let dated: Vec<_> = liability
        .by_month
        .iter()
        .filter_map(|slot| Some((Month::parse(slot.month.as_deref()?)?, slot.points.get())))
        .collect();
    let never: i64 = liability.by_month.iter().filter(|slot| slot.month.is_none()).map(|slot| slot.points.get()).sum();
    let mut labels = Vec::new();
    let mut values = Vec::new();
    if let (Some((first, _)), Some((last, _))) = (dated.first(), dated.last()) {
        let first = present.map_or(*first, |present| present.min(*first));
        let shown = i32::try_from(MONTHS_SHOWN).unwrap_or(i32::MAX);
        let cut = (*last).min(first.plus(shown - 2));
        for month in Month::range(first, cut) {
            labels.push(label(month));
            values.push(dated.iter().filter(|(of, _)| *of == month).map(|(_, points)| points).sum());
        }
        let later: i64 = dated.iter().filter(|(month, _)| cut < *month).map(|(_, points)| points).sum();
        if 0 < later {
            labels.push(Label { name: "later".to_owned(), group: String::new(), full: "later".to_owned() });
            values.push(later);
        }
    }
    if 0 < never {
        labels.push(Label { name: "never".to_owned(), group: String::new(), full: "without an end".to_owned() });
        values.push(never);
    }
    let chart = Columns {
        title: format!("{} by the month of their last usable day", liability.currency),
        labels,
        series: vec![Series { name: "ending", class: "ending", values }],
        currency: None,
    };
    let rows = liability.by_month.iter().map(|slot| {
        let month = slot.month.clone().unwrap_or_else(|| "without an end".to_owned());
        vec![month, number(slot.points.get())]
    });
    Some(figure("Liability: when today’s points end", &chart.svg(), &table(&["Last usable month", "Points"], rows)))
}

fn tier_moves(ladder: &LadderFigures, figures: &Figures) -> String {
    let months = newest(&ladder.months);
    let count = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let chart = Columns {
        title: format!("Members who rose and fell on {} by month", ladder.ladder),
        labels: months.iter().map(|month| label(month.month)).collect(),
        series: vec![
            Series { name: "up", class: "issued", values: months.iter().map(|month| count(month.up)).collect() },
            Series { name: "down", class: "back", values: months.iter().map(|month| -count(month.down)).collect() },
        ],
        currency: None,
    };
    let rows = ladder.months.iter().map(|month| vec![month.month.to_string(), number(month.up), number(month.down)]);
    let mut drawn = chart.svg();
    if figures.is_due {
        drawn.push_str(
            "<p class=\"note\">Reviews that are due and not written down yet are missing; run a sweep first.</p>",
        );
    }
    let caption = "Members who rose and fell, by month";
    section(
        &format!("Tier movements: {}", ladder.ladder),
        &[figure(caption, &drawn, &table(&["Month", "Up", "Down"], rows))],
    )
}

fn cohorts(cohorts: &[Cohort]) -> String {
    if cohorts.is_empty() {
        return String::new();
    }
    let newest = cohorts.len().saturating_sub(COHORTS_SHOWN);
    let mut drawn = String::from(
        "<section><h2>Repeat purchase</h2><figure class=\"wide\"><figcaption>Share of new buyers who bought again on a later day, \
         within so many months of their first order</figcaption><div class=\"scroll\"><table class=\"heat\"><thead><tr>\
         <th scope=\"col\">First order</th><th scope=\"col\">Buyers</th>",
    );
    for months in 1..=MONTHS {
        let _ = write!(drawn, "<th scope=\"col\">{months}</th>");
    }
    drawn.push_str("</tr></thead><tbody>");
    for cohort in cohorts.iter().skip(newest) {
        let _ = write!(drawn, "<tr><th scope=\"row\">{}</th><td>{}</td>", cohort.month, number(cohort.customers));
        for again in &cohort.again {
            match again {
                Some(count) => {
                    let share = percent((*count).into(), cohort.customers.into());
                    let _ = write!(
                        drawn,
                        "<td class=\"cell\" style=\"--heat:{share}%\" title=\"{} of {}\">{share}</td>",
                        number(*count),
                        number(cohort.customers),
                    );
                }
                None => drawn.push_str("<td class=\"open\" title=\"not over yet\">·</td>"),
            }
        }
        drawn.push_str("</tr>");
    }
    drawn
        + "</tbody></table></div><p class=\"note\">In percent. A dot: that time is not over for everybody of the month.</p></figure></section>\n"
}

impl Month {
    /// The month of the report itself.
    fn of_report(figures: &Figures) -> Option<Self> {
        Self::parse(figures.local.get(..7)?)
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_from_outside_cannot_leave_its_place() {
        assert_eq!(escape("<script>\"&'\u{0}"), "&lt;script&gt;&quot;&amp;&#39;\u{fffd}");
    }
}
