//! What keys do.

use super::{Page, Screen};
use crate::board::State;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a key asks of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing but to draw anew.
    Draw,
    /// To end.
    Quit,
    /// To look closer at this incident.
    Look(String),
}

/// So many lines are a page where the height is not known.
const LEAP: usize = 10;

impl Screen {
    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent) -> Action {
        if key.kind == KeyEventKind::Release {
            return Action::Draw;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c' | 'd') => Action::Quit,
                _ => Action::Draw,
            };
        }
        if self.typing {
            self.type_filter(key.code);
            return Action::Draw;
        }
        match key.code {
            KeyCode::Char('q') => return Action::Quit,
            KeyCode::Char('l') => return self.look_closer(),
            KeyCode::Esc => self.back(),
            KeyCode::Enter => self.open(Page::Incident),
            KeyCode::Char('e') => self.open(Page::Evidence),
            KeyCode::Char('f') => self.open(Page::Fixes),
            KeyCode::Char('g') => self.open(Page::Gaps),
            KeyCode::Char('n') => self.open(Page::Notes),
            KeyCode::Char('?' | 'h') => self.open(Page::Help),
            KeyCode::Char('/') => (self.typing, self.page) = (true, None),
            code => self.step(code),
        }
        Action::Draw
    }

    fn step(&mut self, code: KeyCode) {
        let (by, back) = match code {
            KeyCode::Down | KeyCode::Char('j') => (1, false),
            KeyCode::Up | KeyCode::Char('k') => (1, true),
            KeyCode::PageDown | KeyCode::Char(' ') => (LEAP, false),
            KeyCode::PageUp => (LEAP, true),
            KeyCode::End | KeyCode::Char('G') => (usize::MAX, false),
            KeyCode::Home => (usize::MAX, true),
            _ => return,
        };
        if self.page.is_some() {
            let to = if back { self.scroll.saturating_sub(by) } else { self.scroll.saturating_add(by) };
            // Drawing knows how long the page is and limits it.
            self.scroll = to;
            return;
        }
        let shown = self.shown();
        let last = shown.len().saturating_sub(1);
        let at = self.place().unwrap_or(0);
        let to = if back { at.saturating_sub(by) } else { at.saturating_add(by).min(last) };
        self.chosen = shown.get(to).map(|e| e.incident.id.clone());
    }

    /// One level back: the page, then the filter.
    fn back(&mut self) {
        if self.page.take().is_none() {
            self.filter.clear();
        }
        self.scroll = 0;
    }

    fn open(&mut self, page: Page) {
        if page.of_incident() && self.entry().is_none() {
            return;
        }
        self.page = Some(page);
        self.scroll = 0;
    }

    fn look_closer(&mut self) -> Action {
        let there = self.entry().filter(|e| !matches!(e.state, State::Cleared(_)));
        match there.map(|e| e.incident.id.clone()) {
            Some(id) if self.looking.is_none() => {
                self.looking = Some(id.clone());
                Action::Look(id)
            }
            _ => Action::Draw,
        }
    }

    fn type_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(c) => self.filter.push(c),
            _ => {}
        }
        if self.place().is_none() {
            self.chosen = self.shown().first().map(|e| e.incident.id.clone());
        }
    }
}
