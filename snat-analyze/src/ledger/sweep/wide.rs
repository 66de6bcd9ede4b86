//! Cache lines of a large table, in large pages where the system has such: a table that is looked into at random otherwise
//! spends more time on finding its pages than on reading them.

use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// A cache line.
pub(super) type Line = [u32; 16];

/// Lines from which on they get memory of their own: a large page of the usual size.
const LARGE: usize = (2 << 20) / size_of::<Line>();

/// A table of lines.
#[derive(Debug)]
pub(super) enum Wide {
    Large(MmapMut),
    Small(Vec<Line>),
}

impl Wide {
    pub(super) fn new(lines: usize, line: Line) -> Self {
        let large = (lines >= LARGE).then(|| MmapMut::map_anon(lines * size_of::<Line>()).ok());
        let Some(map) = large.flatten() else { return Self::Small(vec![line; lines]) };
        // What is refused makes it slower, and no more.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        let mut wide = Self::Large(map);
        wide.fill(line);
        wide
    }
}

impl Deref for Wide {
    type Target = [Line];

    #[inline(always)]
    fn deref(&self) -> &[Line] {
        match self {
            Self::Large(map) => bytemuck::cast_slice(map),
            Self::Small(lines) => lines,
        }
    }
}

impl DerefMut for Wide {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [Line] {
        match self {
            Self::Large(map) => bytemuck::cast_slice_mut(map),
            Self::Small(lines) => lines,
        }
    }
}

impl Clone for Wide {
    fn clone(&self) -> Self {
        let mut other = Self::new(self.len(), [0; 16]);
        other.copy_from_slice(self);
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_ones_are_the_same() {
        for lines in [16, LARGE, 4 * LARGE] {
            let mut wide = Wide::new(lines, [7; 16]);
            assert_eq!((wide.len(), matches!(wide, Wide::Large(_))), (lines, lines >= LARGE));
            assert!(wide.iter().all(|line| *line == [7; 16]));
            wide[lines - 1][15] = 8;
            let other = wide.clone();
            assert_eq!(*other, *wide);
        }
    }
}
