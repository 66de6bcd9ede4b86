//! Work that threads share: posts, each of them with pieces that are worked on in their order, one at a time, by whoever
//! has time. Who hands over more than may wait works himself meanwhile.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Threads that work together. They are started as posts are opened, and end with the last copy of this.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crew {
    /// `None`: there is one thread.
    team: Option<Arc<Team>>,
}

struct Team {
    hall: Arc<Hall>,
    /// Threads that may be started.
    most: usize,
    helpers: Mutex<Vec<JoinHandle<()>>>,
}

/// Where threads find work.
#[derive(Default)]
struct Hall {
    board: Mutex<Board>,
    /// There is something to do for those who do nothing else.
    work: Condvar,
    /// Something was done.
    done: Condvar,
}

#[derive(Default)]
struct Board {
    posts: Vec<Open>,
    /// Posts so far.
    opened: u64,
    /// Threads that wait for `work`.
    idle: usize,
    /// What others wait for.
    waiting: Vec<Wait>,
    over: bool,
}

/// A post on the board.
struct Open {
    id: u64,
    rank: Rank,
    work: Arc<dyn Work>,
    /// Pieces that wait.
    pieces: usize,
    /// Somebody works there.
    busy: bool,
}

/// Something to be so of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wait {
    id: u64,
    until: Until,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// No more pieces than these wait.
    Room(usize),
    /// All is done.
    Done,
}

/// Whose pieces go first, where who helps has none of what he did last: the ledger's, which take longest. Which hands over to
/// which is said by [`Rank::depth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Ledger,
    Lives,
    Parser,
}

impl Rank {
    /// How far behind the log. Work hands over to what is further behind, and waits for that, never the other way.
    fn depth(self) -> u8 {
        match self {
            Self::Parser => 0,
            Self::Ledger => 1,
            Self::Lives => 2,
        }
    }
}

/// What a thread does of a post.
trait Work: Send + Sync {
    /// Works on the piece that waits longest.
    fn next(&self);
}

/// A post: its worker, and pieces for him.
struct Desk<T, P> {
    worker: Mutex<Option<T>>,
    work_on: fn(&mut T, &mut P),
    pieces: Mutex<VecDeque<P>>,
    /// To be filled again.
    empty: Mutex<Vec<P>>,
    /// What the worker panicked with: nothing is worked on any more.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Where pieces are handed over. Without [`Post::join`], those that still wait are lost.
pub(crate) struct Post<T, P> {
    hall: Arc<Hall>,
    id: u64,
    desk: Arc<Desk<T, P>>,
    /// Pieces that may wait.
    most: usize,
}

/// What a thread that panicked held is as good as before: panics are kept, and go on where the work is waited for.
fn lock<T: ?Sized>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crew {
    /// `threads`: how many there may be, this one counted.
    pub(crate) fn new(threads: usize) -> Self {
        let most = threads.saturating_sub(1);
        let team = || Arc::new(Team { hall: Arc::default(), most, helpers: Mutex::default() });
        Self { team: (most > 0).then(team) }
    }

    /// Whether there may be more threads than this one.
    pub(crate) fn is_many(&self) -> bool {
        self.team.is_some()
    }

    /// A new post, where pieces are worked on by `work_on`, which leaves them empty; so many may wait. The worker comes back
    /// where this thread is the only one.
    pub(crate) fn post<T: Send + 'static, P: Send + 'static>(
        &self,
        rank: Rank,
        worker: T,
        most: usize,
        work_on: fn(&mut T, &mut P),
    ) -> Result<Post<T, P>, T> {
        let Some(team) = &self.team else { return Err(worker) };
        let desk = Arc::new(Desk {
            worker: Mutex::new(Some(worker)),
            work_on,
            pieces: Mutex::default(),
            empty: Mutex::default(),
            panic: Mutex::default(),
        });
        let mut board = lock(&team.hall.board);
        let id = board.opened;
        board.opened += 1;
        let at = board.posts.partition_point(|open| open.rank <= rank);
        board.posts.insert(at, Open { id, rank, work: Arc::clone(&desk) as _, pieces: 0, busy: false });
        let posts = board.posts.len();
        drop(board);
        team.call(posts);
        Ok(Post { hall: Arc::clone(&team.hall), id, desk, most })
    }
}

impl Team {
    /// Starts one more thread if there are fewer than so many posts, and there may be. Where none is to be had, those who hand
    /// over work themselves.
    fn call(&self, posts: usize) {
        let mut helpers = lock(&self.helpers);
        if helpers.len() < self.most.min(posts) {
            let hall = Arc::clone(&self.hall);
            let helper = thread::Builder::new().name("helper".to_owned()).spawn(move || hall.help());
            helpers.extend(helper);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        lock(&self.hall.board).over = true;
        self.hall.work.notify_all();
        let helpers = mem::take(self.helpers.get_mut().unwrap_or_else(PoisonError::into_inner));
        for helper in helpers {
            // Panics are kept where they were caught.
            let _ = helper.join();
        }
    }
}

impl Hall {
    /// Works until all is over.
    fn help(&self) {
        let mut board = lock(&self.board);
        let mut last = None;
        while !board.over {
            // What the last piece needed is in the processor's cache.
            board = match board.takes(|open| Some(open.id) == last).or_else(|| board.takes(|_| true)) {
                Some(taken) => {
                    last = Some(taken.0);
                    self.does(board, taken)
                }
                None => {
                    board.idle += 1;
                    let mut board = self.work.wait(board).unwrap_or_else(PoisonError::into_inner);
                    board.idle -= 1;
                    board
                }
            };
        }
    }

    /// Does what was taken.
    fn does<'a>(&'a self, board: MutexGuard<'a, Board>, (id, work): (u64, Arc<dyn Work>)) -> MutexGuard<'a, Board> {
        self.tell(&board);
        drop(board);
        work.next();
        drop(work);
        let mut board = lock(&self.board);
        board.open(id).into_iter().for_each(|open| open.busy = false);
        // Of work that is left, who comes from here is the first to know.
        if board.is_over_for_some() {
            self.done.notify_all();
        }
        board
    }

    /// Tells somebody of work that nobody does, and those who wait for what is so now.
    fn tell(&self, board: &Board) {
        let is_work = board.posts.iter().any(|open| open.pieces > 0 && !open.busy);
        if is_work && board.idle > 0 {
            self.work.notify_one();
        }
        if is_work && board.idle == 0 && !board.waiting.is_empty() || board.is_over_for_some() {
            self.done.notify_all();
        }
    }

    /// Does what there is to do until it is so of a post, that of the post first. Of others only what is further behind: what
    /// lies before it may wait for work that waits here.
    fn until<'a>(&'a self, mut board: MutexGuard<'a, Board>, wait: Wait) -> MutexGuard<'a, Board> {
        while let Some(depth) = board.open(wait.id).map(|open| open.rank.depth()).filter(|_| !board.is_so(wait)) {
            let own = board.takes(|open| open.id == wait.id);
            board = match own.or_else(|| board.takes(|open| open.rank.depth() >= depth)) {
                Some(taken) => self.does(board, taken),
                None => {
                    board.waiting.push(wait);
                    let mut board = self.done.wait(board).unwrap_or_else(PoisonError::into_inner);
                    let at = board.waiting.iter().position(|other| *other == wait);
                    at.map(|at| board.waiting.swap_remove(at));
                    board
                }
            };
        }
        self.tell(&board);
        board
    }
}

impl Board {
    fn open(&mut self, id: u64) -> Option<&mut Open> {
        self.posts.iter_mut().find(|open| open.id == id)
    }

    fn is_so(&self, wait: Wait) -> bool {
        self.posts.iter().find(|open| open.id == wait.id).is_none_or(|open| match wait.until {
            Until::Room(most) => open.pieces <= most,
            Until::Done => open.pieces == 0 && !open.busy,
        })
    }

    /// Whether what somebody waits for is so.
    fn is_over_for_some(&self) -> bool {
        self.waiting.iter().any(|wait| self.is_so(*wait))
    }

    /// Takes a piece of a post where nobody works.
    fn takes(&mut self, of: impl Fn(&Open) -> bool) -> Option<(u64, Arc<dyn Work>)> {
        let open = self.posts.iter_mut().find(|open| open.pieces > 0 && !open.busy && of(open))?;
        (open.pieces, open.busy) = (open.pieces - 1, true);
        Some((open.id, Arc::clone(&open.work)))
    }
}

impl<T: Send, P: Send> Work for Desk<T, P> {
    fn next(&self) {
        let Some(mut piece) = lock(&self.pieces).pop_front() else { return };
        let mut worker = lock(&self.worker);
        let Some(worker) = worker.as_mut().filter(|_| lock(&self.panic).is_none()) else { return };
        match catch_unwind(AssertUnwindSafe(|| (self.work_on)(worker, &mut piece))) {
            Ok(()) => lock(&self.empty).push(piece),
            Err(panic) => *lock(&self.panic) = Some(panic),
        }
    }
}

impl<T, P> Post<T, P> {
    /// Hands a piece over, and works while too many of them wait; the next one to fill. `None`: the worker panicked, which goes
    /// on where it is joined.
    pub(crate) fn hand_over(&self, piece: P, new: impl FnOnce() -> P) -> Option<P> {
        lock(&self.desk.pieces).push_back(piece);
        let mut board = lock(&self.hall.board);
        let open = board.open(self.id)?;
        open.pieces += 1;
        if open.pieces > self.most {
            // Room for several, so that they need not wait for each other piece by piece.
            drop(self.hall.until(board, Wait { id: self.id, until: Until::Room(self.most / 2) }));
        } else {
            self.hall.tell(&board);
            drop(board);
        }
        if lock(&self.desk.panic).is_some() {
            return None;
        }
        let empty = lock(&self.desk.empty).pop();
        Some(empty.unwrap_or_else(new))
    }

    /// Sees to it that all pieces are worked on: the worker comes back, and the pieces that nobody fills again. A panic of his
    /// goes on here.
    pub(crate) fn join(self) -> (T, Vec<P>) {
        drop(self.hall.until(lock(&self.hall.board), Wait { id: self.id, until: Until::Done }));
        let panic = lock(&self.desk.panic).take();
        let worker = lock(&self.desk.worker).take();
        match (panic, worker) {
            (None, Some(worker)) => (worker, mem::take(&mut *lock(&self.desk.empty))),
            (Some(panic), _) => resume_unwind(panic),
            (None, None) => resume_unwind(Box::new("a post without a worker")),
        }
    }
}

impl<T, P> Drop for Post<T, P> {
    fn drop(&mut self) {
        let mut board = lock(&self.hall.board);
        if let Some(open) = board.open(self.id) {
            open.pieces = 0;
        }
        let mut board = self.hall.until(board, Wait { id: self.id, until: Until::Done });
        let at = board.posts.iter().position(|open| open.id == self.id);
        let gone = at.map(|at| board.posts.remove(at));
        // What it holds may hold posts itself.
        drop(board);
        drop(gone);
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team").field("most", &self.most).finish_non_exhaustive()
    }
}

impl<T, P> fmt::Debug for Post<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("id", &self.id).field("most", &self.most).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::sync::mpsc::Receiver;

    use super::*;

    const WAITING: usize = 4;

    fn feed(all: &mut Vec<u8>, piece: &mut Vec<u8>) {
        all.append(piece);
    }

    #[test]
    fn pieces_come_in_their_order_and_come_back() {
        for threads in [2, 3, 16] {
            let crew = Crew::new(threads);
            let post = crew.post(Rank::Ledger, Vec::new(), WAITING, feed).unwrap();
            let (mut piece, mut made) = (Vec::new(), 1);
            for byte in 0..200 {
                piece.push(byte);
                let new = || {
                    made += 1;
                    Vec::new()
                };
                piece = post.hand_over(piece, new).unwrap();
                assert!(piece.is_empty());
            }
            let (all, back) = post.join();
            assert_eq!(all, (0..200).collect::<Vec<u8>>());
            // One was filled last and is not among them.
            assert!(made <= WAITING + 3 && back.len() == made - 1, "{made} were made, {} are back", back.len());
        }
        assert!(Crew::new(1).post(Rank::Ledger, Vec::new(), WAITING, feed).is_err());
    }

    /// Hands everything on to a second post.
    #[derive(Debug)]
    struct First(Post<Vec<u8>, Vec<u8>>);

    impl First {
        fn on(&mut self, piece: &mut Vec<u8>) {
            thread::sleep(Duration::from_micros(u64::from(piece[0] % 7) * 10));
            for byte in piece.drain(..) {
                self.0.hand_over(vec![byte], Vec::new).unwrap();
            }
        }
    }

    #[test]
    fn work_makes_work() {
        for threads in [2, 3, 4] {
            let crew = Crew::new(threads);
            let slow = |all: &mut Vec<u8>, piece: &mut Vec<u8>| {
                thread::sleep(Duration::from_micros(u64::from(piece[0] % 5) * 10));
                all.append(piece);
            };
            let second = crew.post(Rank::Ledger, Vec::new(), 2, slow).unwrap();
            let first = crew.post(Rank::Parser, First(second), 1, First::on).unwrap();
            for byte in (0..200).step_by(2) {
                first.hand_over(vec![byte, byte + 1], Vec::new).unwrap();
            }
            let (all, _) = first.join().0.0.join();
            assert_eq!(all, (0..200).collect::<Vec<u8>>());
        }
    }

    /// Takes so long, and hands on what there is, if it hands on.
    #[derive(Debug)]
    struct Slow {
        micros: u64,
        all: Vec<u8>,
        on: Option<Box<Post<Self, Vec<u8>>>>,
    }

    impl Slow {
        fn work(&mut self, piece: &mut Vec<u8>) {
            thread::sleep(Duration::from_micros(self.micros));
            for byte in piece.drain(..) {
                match &self.on {
                    Some(on) => drop(on.hand_over(vec![byte], Vec::new)),
                    None => self.all.push(byte),
                }
            }
        }
    }

    /// What is last takes longest, so that everybody waits for it, and nobody for what he keeps from going on himself.
    #[test]
    fn who_waits_takes_nothing_that_waits_for_him() {
        for threads in [2, 3, 4] {
            let crew = Crew::new(threads);
            let mut on = None;
            for (rank, most, micros) in [(Rank::Lives, 1, 200), (Rank::Ledger, 1, 100), (Rank::Parser, 4, 50)] {
                let slow = Slow { micros, all: Vec::new(), on: on.take().map(Box::new) };
                on = Some(crew.post(rank, slow, most, Slow::work).unwrap());
            }
            let first = on.unwrap();
            let bytes: Vec<u8> = (0..2_000).map(|at| at as u8).collect();
            for (at, byte) in bytes.iter().enumerate() {
                // Now and then what is first waits as well, for whoever looks for something to do.
                thread::sleep(Duration::from_micros(at as u64 % 4 * 100));
                first.hand_over(vec![*byte], Vec::new).unwrap();
            }
            let second = first.join().0.on.unwrap().join().0;
            assert_eq!(second.on.unwrap().join().0.all, bytes);
        }
    }

    #[test]
    fn who_hands_over_works_himself_where_nobody_helps() {
        let crew = Crew::new(2);
        let stuck = |_: &mut Option<Post<Vec<u8>, Vec<u8>>>, piece: &mut Duration| thread::sleep(*piece);
        // The only helper sleeps there.
        let other = crew.post(Rank::Ledger, None, 9, stuck).unwrap();
        other.hand_over(Duration::from_millis(50), Duration::default).unwrap();
        let post = crew.post(Rank::Parser, Vec::new(), WAITING, feed).unwrap();
        for byte in 0..100 {
            post.hand_over(vec![byte], Vec::new).unwrap();
        }
        assert_eq!(post.join().0, (0..100).collect::<Vec<u8>>());
        other.join();
    }

    #[test]
    fn who_helps_goes_on_with_what_he_did_last() {
        let crew = Crew::new(2);
        let (done, all) = std::sync::mpsc::channel();
        let (go, gate) = std::sync::mpsc::channel();
        let note = |(name, done): &mut (char, std::sync::mpsc::Sender<char>), gate: &mut Option<Receiver<()>>| {
            done.send(*name).unwrap();
            gate.iter().for_each(|gate| gate.recv().unwrap());
        };
        let ledger = crew.post(Rank::Ledger, ('l', done.clone()), 9, note).unwrap();
        let parser = crew.post(Rank::Parser, ('p', done), 9, note).unwrap();
        // The only helper waits there until there is more of both.
        parser.hand_over(Some(gate), || None).unwrap();
        assert_eq!(all.recv(), Ok('p'));
        for _ in 0..3 {
            ledger.hand_over(None, || None).unwrap();
            parser.hand_over(None, || None).unwrap();
        }
        go.send(()).unwrap();
        assert_eq!(all.iter().take(6).collect::<String>(), "ppplll");
    }

    #[test]
    fn what_nobody_waits_for_is_lost() {
        let crew = Crew::new(2);
        let second = crew.post(Rank::Ledger, Vec::new(), 2, feed).unwrap();
        let first = crew.post(Rank::Parser, First(second), 1, First::on).unwrap();
        for byte in 0..100 {
            first.hand_over(vec![byte], Vec::new).unwrap();
        }
        drop(first);
        assert!(lock(&crew.team.as_ref().unwrap().hall.board).posts.is_empty());
    }

    #[test]
    fn a_panic_goes_on_where_the_work_is_waited_for() {
        let crew = Crew::new(2);
        let fails = |_: &mut u8, piece: &mut u8| panic!("at {piece}");
        let post = crew.post(Rank::Ledger, 0, WAITING, fails).unwrap();
        let mut handed = 0;
        while post.hand_over(7, || 0).is_some() {
            handed += 1;
        }
        assert!(handed <= WAITING + 2, "{handed}");
        let panic = catch_unwind(AssertUnwindSafe(|| post.join())).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "at 7");
    }
}
