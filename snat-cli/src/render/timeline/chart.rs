//! Values over time as columns of blocks.

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How many columns so many buckets take in a room: each bucket as many as all have room for, or several buckets one.
pub(super) fn columns(buckets: usize, room: usize) -> usize {
    match buckets {
        0 => 0,
        few if few <= room => few * (room / few),
        many => many.div_ceil(many.div_ceil(room.max(1))),
    }
}

/// The values, one a column; of the buckets in one column the largest.
fn spread(values: &[u32], room: usize) -> Vec<u32> {
    if values.is_empty() {
        return Vec::new();
    }
    if values.len() <= room {
        let times = room / values.len();
        return values.iter().flat_map(|value| std::iter::repeat_n(*value, times)).collect();
    }
    let largest = |values: &[u32]| values.iter().copied().max().unwrap_or(0);
    values.chunks(values.len().div_ceil(room.max(1))).map(largest).collect()
}

/// One line: the height of a column is its value, where `full` is a whole one. What is not quite nothing shows.
pub(super) fn line(values: &[u32], full: u64, room: usize) -> String {
    let height = |value: u32| match (value, full) {
        (0, _) | (_, 0) => EIGHTHS[0],
        _ => EIGHTHS[((u64::from(value) * 8).div_ceil(full)).clamp(1, 8) as usize],
    };
    spread(values, room).into_iter().map(height).collect()
}

/// Several lines, the topmost first: all of them together are `full` high.
pub(super) fn area(values: &[u32], full: u64, lines: usize, room: usize) -> Vec<String> {
    let columns = spread(values, room);
    let eighths = |value: u32| match (value, full) {
        (0, _) | (_, 0) => 0,
        _ => (u64::from(value) * lines as u64 * 8).div_ceil(full) as usize,
    };
    let cell = |value: u32, line: usize| EIGHTHS[eighths(value).saturating_sub(line * 8).min(8)];
    (0..lines).rev().map(|line| columns.iter().map(|value| cell(*value, line)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_block_a_column() {
        assert_eq!(line(&[0, 1, 50, 100], 100, 4), " ▁▄█");
        assert_eq!(line(&[0, 100], 100, 5), "  ██", "as wide as all have room for");
        assert_eq!(line(&[1, 9, 3, 0, 0], 9, 3), "█▃ ", "the largest of a column");
        assert_eq!((columns(2, 5), columns(5, 3), columns(0, 9)), (4, 3, 0));
    }

    #[test]
    fn an_area_grows_upwards() {
        assert_eq!(area(&[0, 4, 8, 16], 16, 2, 4), ["   █", " ▄██"]);
        assert_eq!(area(&[17], 16, 2, 1), ["█", "█"], "not above its frame");
    }
}
