//! The only code that touches polars: keyed frames and the joins between them. No row of a join is lost uncounted.

use polars::prelude::*;

use crate::error::Error;
use crate::fold::Mark;
use crate::report::JoinTally;

/// One side of a join: a key for each row (`None` never matches), and where the row was read.
#[derive(Debug, Default)]
pub(crate) struct Keyed<'a> {
    keys: Vec<Option<String>>,
    places: Vec<Option<&'a Mark>>,
}

impl<'a> Keyed<'a> {
    /// Adds a row.
    pub(crate) fn push(&mut self, key: Option<String>, place: Option<&'a Mark>) {
        self.keys.push(key);
        self.places.push(place);
    }

    /// A side from keys and places.
    pub(crate) fn of(rows: impl IntoIterator<Item = (Option<String>, Option<&'a Mark>)>) -> Self {
        let mut side = Self::default();
        for (key, place) in rows {
            side.push(key, place);
        }
        side
    }

    /// `key`, `<side>_row`, `<side>_entry`, `<side>_line`.
    fn frame(&self, side: &str) -> PolarsResult<DataFrame> {
        let rows: Vec<u32> = (0..self.keys.len() as u32).collect();
        let entries: Vec<Option<u32>> = self.places.iter().map(|place| place.map(|mark| mark.entry as u32)).collect();
        let lines: Vec<Option<u64>> = self.places.iter().map(|place| place.map(|mark| mark.line)).collect();
        DataFrame::new(vec![
            Column::new("key".into(), &self.keys),
            Column::new(format!("{side}_row").into(), rows),
            Column::new(format!("{side}_entry").into(), entries),
            Column::new(format!("{side}_line").into(), lines),
        ])
    }
}

/// What a join found: for each left row the right rows with its key, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    pub(crate) matches: Vec<Vec<usize>>,
    pub(crate) tally: JoinTally,
}

/// Keys without a match that a tally names.
const NAMED: usize = 8;

/// Left equi-join. Matched and unmatched rows sum to the left side; a join that loses a row is an error.
pub(crate) fn left_join(name: &str, left: &Keyed<'_>, right: &Keyed<'_>) -> Result<Joined, Error> {
    // With an empty side there is nothing to join, and no threads of polars' own to start.
    let matches = match left.keys.is_empty() || right.keys.is_empty() {
        true => vec![Vec::new(); left.keys.len()],
        false => join(name, left, right)?,
    };
    let matched = matches.iter().filter(|rows| !rows.is_empty()).count() as u64;
    let alone = left.keys.iter().zip(&matches).filter(|(_, rows)| rows.is_empty());
    let missing = alone.filter_map(|(key, _)| key.clone()).take(NAMED).collect();
    let left = left.keys.len() as u64;
    let tally = JoinTally { join: name.to_owned(), left, matched, unmatched: left - matched, missing };
    Ok(Joined { matches, tally })
}

/// For each left row the right rows with its key.
fn join(name: &str, left: &Keyed<'_>, right: &Keyed<'_>) -> Result<Vec<Vec<usize>>, Error> {
    let failed = |error: PolarsError| Error::Join(format!("{name}: {error}"));
    let frames = (left.frame("left").map_err(failed)?, right.frame("right").map_err(failed)?);
    let mut how = JoinArgs::new(JoinType::Left);
    how.maintain_order = MaintainOrderJoin::LeftRight;
    let joined = frames.0.join(&frames.1, ["key"], ["key"], how, None).map_err(failed)?;
    let rows = |column: &str| -> Result<Vec<Option<u32>>, Error> {
        Ok(joined.column(column).and_then(|c| c.u32().cloned()).map_err(failed)?.into_iter().collect())
    };
    let mut matches: Vec<Vec<usize>> = vec![Vec::new(); left.keys.len()];
    let mut seen = vec![false; left.keys.len()];
    for (left_row, right_row) in rows("left_row")?.into_iter().zip(rows("right_row")?) {
        let Some(left_row) = left_row.map(|row| row as usize).filter(|row| *row < seen.len()) else {
            return Err(Error::Join(format!("{name}: a row without a left side")));
        };
        seen[left_row] = true;
        matches[left_row].extend(right_row.map(|row| row as usize));
    }
    if let Some(lost) = seen.iter().position(|seen| !seen) {
        return Err(Error::Join(format!("{name}: left row {lost} was lost")));
    }
    Ok(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(keys: &[Option<&str>]) -> Keyed<'static> {
        Keyed::of(keys.iter().map(|key| (key.map(str::to_owned), None)))
    }

    #[test]
    fn every_left_row_has_a_fate_and_nulls_never_match() {
        let joined =
            left_join("x", &side(&[Some("a"), None, Some("b"), Some("a")]), &side(&[Some("a"), None, Some("a")]))
                .expect("a join");
        assert_eq!(joined.matches, [vec![0, 2], vec![], vec![], vec![0, 2]]);
        assert_eq!((joined.tally.left, joined.tally.matched, joined.tally.unmatched), (4, 2, 2));
        assert_eq!(joined.tally.missing, ["b"]);
    }

    #[test]
    fn empty_sides_join() {
        assert_eq!(left_join("x", &side(&[]), &side(&[Some("a")])).expect("a join").matches.len(), 0);
        let joined = left_join("x", &side(&[Some("a"), None, Some("b")]), &side(&[])).expect("a join");
        assert_eq!(joined.matches, [vec![], vec![], Vec::<usize>::new()]);
        assert_eq!((joined.tally.left, joined.tally.matched, joined.tally.unmatched), (3, 0, 3));
        assert_eq!(joined.tally.missing, ["a", "b"]);
    }
}
