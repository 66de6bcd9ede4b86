//! States of a connection in the words of several systems and languages.

/// State of a connection, whatever the language that netstat spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Both ends talk.
    Established,
    /// A connect waits for its answer.
    SynSent,
    /// An answer to a connect waits for the last step.
    SynRecv,
    /// Closed by this end.
    FinWait1,
    /// Closed by this end, and the other knows.
    FinWait2,
    /// Over; the port rests.
    TimeWait,
    /// No connection.
    Close,
    /// Closed by the other end, and the program here has not noticed.
    CloseWait,
    /// Closed by both, the last answer is missing.
    LastAck,
    /// Waits for connections.
    Listen,
    /// Closed by both at once.
    Closing,
    /// A word that this list does not have.
    Other,
}

/// Words for states: the kernel's own, those of Windows, and translations.
const STATES: &[(State, &[&str])] = &[
    (
        State::Established,
        &[
            "ESTABLISHED",
            "VERBUNDEN",
            "HERGESTELLT",
            "SPOJENO",
            "ETABLERAD",
            "ESTABELECIDA",
            "ESTABELECIDO",
            "ESTABLERT",
            "ESTABLECIDO",
            "ESTABLECIDA",
            "ÉTABLIE",
            "ETABLIE",
            "ÉTABLI",
            "STABILITA",
            "STABILITO",
            "УСТАНОВЛЕНО",
            "ESTAB",
        ],
    ),
    (State::SynSent, &["SYN_SENT", "SYN_GESENDET"]),
    (State::SynRecv, &["SYN_RECV", "SYN_RECEIVED", "SYN_RCVD", "SYN_EMPFANGEN"]),
    (State::FinWait1, &["FIN_WAIT1", "FIN_WAIT_1"]),
    (State::FinWait2, &["FIN_WAIT2", "FIN_WAIT_2"]),
    (State::TimeWait, &["TIME_WAIT", "WARTEND"]),
    (State::Close, &["CLOSE", "CLOSED"]),
    (State::CloseWait, &["CLOSE_WAIT", "SCHLIESSEN_WARTEN"]),
    (State::LastAck, &["LAST_ACK", "LETZTE_ACK"]),
    (
        State::Listen,
        &["LISTEN", "LISTENING", "ABHÖREN", "HÖRT", "OUÇA", "OUVINDO", "ESCUCHAR", "LYSSNAR", "ÉCOUTE", "POSLOUCHÁ"],
    ),
    (State::Closing, &["CLOSING"]),
];

impl State {
    /// The state that a word of the STATE column means.
    pub fn of(text: &str) -> Self {
        STATES.iter().find(|(_, words)| words.contains(&text)).map_or(Self::Other, |(state, _)| *state)
    }
}

/// Whether a state may be the start of a longer word: `CLOSE` of `CLOSE_WAIT`, `ESTAB` of `ESTABLISHED`.
pub(super) fn is_open(state: &str) -> bool {
    let mut words = STATES.iter().flat_map(|(_, words)| words.iter());
    State::of(state) == State::Other || words.any(|word| word.len() > state.len() && word.starts_with(state))
}
