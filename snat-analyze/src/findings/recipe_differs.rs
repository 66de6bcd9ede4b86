//! The manual recipe, awk over two columns, would name somebody else.

use super::{Said, Scene};
use crate::report::Severity;
use crate::words::{grouped, percent};

pub(super) fn find(scene: &Scene<'_>) -> Option<Said> {
    let first = scene.named().next()?;
    // Of equal ones the first in the ranking.
    let by_recipe =
        scene.named().reduce(|best, row| if row.article_count > best.article_count { row } else { best })?;
    let (rows, own) = (by_recipe.article_count?, first.article_count.unwrap_or(0));
    if by_recipe.owner == first.owner || rows == own {
        return None;
    }
    let public = by_recipe.connects_public.unwrap_or(0);
    let why = match public * 3 < rows {
        true => format!("only {} of its {} rows are connects to public addresses", grouped(public), grouped(rows)),
        false => {
            let (its, ours) = (by_recipe.ports_peak.unwrap_or(0), first.ports_peak.unwrap_or(0));
            match its < ours {
                true => format!("it held {} ports to one destination at most, ours {}", grouped(its), grouped(ours)),
                false => {
                    format!("its {} public connects hold fewer ports to the destination that decides", grouped(public))
                }
            }
        }
    };
    let all: u64 = scene.node.capture.events;
    Some(Said {
        severity: Severity::Info,
        detail: format!(
            "The recipe's first is {} with {} rows ({}), ours is {} with {}. Why: {why}.",
            by_recipe.owner.label(),
            grouped(rows),
            percent(rows as f64 / all.max(1) as f64),
            first.owner.label(),
            grouped(own)
        ),
        evidence: Vec::new(),
        advice:
            "The recipe counts connects, closes and accepts, to private addresses, too; a port is held by an outbound \
                 connection to a public address, toward its destination, and after its end"
                .to_owned(),
    })
}
