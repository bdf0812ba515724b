//! Draws the screen: a header with the answer, the incidents, the chosen one below where there is room, and what keys do.

use super::{Page, Screen, ansi};
use crate::board::{Entry, State};
use crate::words::{age, clock, mark};
use kubecause_live::FeedState;
use kubecause_model::{Diagnosis, Severity, Verdict};
use kubecause_report::{Part, TextOptions, cut, part, severity_word, verdict_line, width};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// With fewer rows than this the chosen incident is not shown below the list.
const ROOM_FOR_TWO: u16 = 18;
/// With less room than this nothing useful can be shown.
const LEAST: (u16, u16) = (30, 6);

impl Screen {
    /// Draws everything.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.width < LEAST.0 || area.height < LEAST.1 {
            let answer = self.board.last().map(|u| verdict_line(&u.diagnosis, self.look.lang));
            frame.render_widget(Paragraph::new(answer.unwrap_or_else(|| "…".to_owned())), area);
            return;
        }
        let row = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
        let head = self.head(usize::from(area.width));
        let top = head.len() as u16;
        frame.render_widget(Paragraph::new(head), row(0, top));
        let middle = row(top, area.height - top - 1);
        match self.page {
            Some(page) => self.page(frame, middle, page),
            None => self.list_and_more(frame, middle),
        }
        frame.render_widget(Paragraph::new(self.foot(usize::from(area.width))), row(area.height - 1, 1));
    }

    fn colored(&self, color: Color) -> Style {
        if self.look.color { Style::new().fg(color) } else { Style::new() }
    }

    fn dim() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Which cluster, what is wrong, and whether that is up to date; and a rule below.
    fn head(&self, columns: usize) -> Vec<Line<'static>> {
        let d = self.board.last().map(|u| &u.diagnosis);
        let mut name = vec![self.look.name.clone()];
        name.extend(d.and_then(|d| d.stats.version.clone()));
        name.extend(d.map(|d| self.words.size(d)));
        let at = clock(self.now);
        let left = cut(&name.join(" · "), columns.saturating_sub(at.len() + 2));
        let pad = columns.saturating_sub(width(&left) + at.len());
        let first =
            vec![Span::styled(left, Self::dim()), Span::raw(" ".repeat(pad)), Span::styled(at, Self::dim())];
        let mut lines = vec![Line::from(first), self.answer(d, columns), self.connection(columns)];
        lines.push(Line::styled("─".repeat(columns), Self::dim()));
        lines
    }

    fn answer(&self, d: Option<&Diagnosis>, columns: usize) -> Line<'static> {
        let Some(d) = d else {
            return Line::raw(self.words.pick("nothing is known yet", "尚无结果"));
        };
        let color = match (d.verdict, d.incidents.iter().map(|i| i.severity).max()) {
            (_, Some(Severity::Critical | Severity::Error)) => Color::Red,
            (Verdict::Healthy, None) => Color::Green,
            _ => Color::Yellow,
        };
        let style = self.colored(color).add_modifier(Modifier::BOLD);
        Line::styled(cut(&verdict_line(d, self.look.lang), columns), style)
    }

    fn connection(&self, columns: usize) -> Line<'static> {
        let behind = self.feeds.iter().any(|f| matches!(f.state, FeedState::Behind { .. }));
        let live =
            !behind && !self.feeds.is_empty() && self.feeds.iter().all(|f| f.state != FeedState::Waiting);
        let (dot, style) = match (behind, live) {
            (true, _) => ("○ ", self.colored(Color::Yellow)),
            (_, true) => ("● ", self.colored(Color::Green)),
            _ => ("◌ ", Self::dim()),
        };
        Line::styled(cut(&format!("{dot}{}", self.words.connection(&self.feeds)), columns), style)
    }

    /// The list; below it the chosen incident where there is room.
    fn list_and_more(&self, frame: &mut Frame<'_>, area: Rect) {
        let shown = self.shown();
        if shown.is_empty() {
            frame.render_widget(Paragraph::new(self.nothing()), area);
            return;
        }
        let needed = shown.len() as u16;
        let both = area.height + 5 >= ROOM_FOR_TWO;
        let rows = if both { needed.min((area.height / 2).max(3)) } else { area.height };
        let list = Rect { height: rows.min(area.height), ..area };
        self.list(frame, list, &shown);
        if both && rows + 1 < area.height {
            let rule = Rect { y: area.y + rows, height: 1, ..area };
            let line = "─".repeat(usize::from(area.width));
            frame.render_widget(Paragraph::new(Line::styled(line, Self::dim())), rule);
            let below = Rect { y: area.y + rows + 1, height: area.height - rows - 1, ..area };
            let text = self.text(Page::Incident, usize::from(area.width), false);
            frame.render_widget(Paragraph::new(text), below);
        }
    }

    fn nothing(&self) -> Line<'static> {
        if self.filter.is_empty() {
            return Line::raw("");
        }
        let words = self.words.pick("no incident holds ", "没有故障包含 ");
        Line::styled(format!("{words}“{}”", self.filter), Self::dim())
    }

    /// The incidents, scrolled so that the chosen one is seen.
    fn list(&self, frame: &mut Frame<'_>, area: Rect, shown: &[&Entry]) {
        let rows = usize::from(area.height);
        let at = self.place().unwrap_or(0);
        let from = (at + 1).saturating_sub(rows);
        let lines: Vec<Line<'static>> = shown
            .iter()
            .enumerate()
            .skip(from)
            .take(rows)
            .map(|(n, entry)| self.row(entry, n == at, usize::from(area.width)))
            .collect();
        frame.render_widget(Paragraph::new(lines), area);
    }

    /// `✗ critical  node worker-1: …            new   17:44:13   4m`.
    fn row(&self, entry: &Entry, chosen: bool, columns: usize) -> Line<'static> {
        let i = &entry.incident;
        let over = matches!(entry.state, State::Cleared(_));
        let color = match i.severity {
            _ if over => Color::Green,
            Severity::Critical | Severity::Error => Color::Red,
            Severity::Warning => Color::Yellow,
            Severity::Info => Color::Blue,
        };
        let sign = if over { "✓" } else { mark(i) };
        let severity = severity_word(i.severity, self.look.lang);
        let head = format!("{sign} {severity}{}", " ".repeat(10usize.saturating_sub(width(severity))));
        let right = self.right(entry, columns);
        let room = columns.saturating_sub(width(&head) + width(&right) + 1);
        let title = cut(&self.words.title(i), room);
        let pad = " ".repeat(room.saturating_sub(width(&title)) + 1);
        let plain = if over { Self::dim() } else { Style::new() };
        let spans = vec![
            Span::styled(head, if over { Self::dim() } else { self.colored(color) }),
            Span::styled(title, plain),
            Span::raw(pad),
            Span::styled(right, Self::dim()),
        ];
        let line = Line::from(spans);
        if chosen { line.style(Style::new().add_modifier(Modifier::REVERSED)) } else { line }
    }

    /// What became of it, since when it is there and how long that is.
    fn right(&self, entry: &Entry, columns: usize) -> String {
        let i = &entry.incident;
        let word = match entry.state {
            State::Opened(_) => self.words.pick("new", "新").to_owned(),
            State::Cleared(at) => format!("{} {}", self.words.pick("cleared", "已消除"), clock(at)),
            State::OutOfSight(_) => self.words.pick("out of sight", "暂不可见").to_owned(),
            State::Open if !i.ongoing => self.words.pick("over", "已结束").to_owned(),
            State::Open => String::new(),
        };
        let since = i.since.filter(|_| columns >= 80 && !matches!(entry.state, State::Cleared(_)));
        let since = since.map(|at| format!("  {:>8}", kubecause_report::short_clock(at, Some(self.now))));
        let lasts = i.since.filter(|_| !matches!(entry.state, State::Cleared(_)));
        let lasts = lasts.map(|at| format!("  {:>4}", age(at, self.now)));
        format!("{word}{}{}", since.unwrap_or_default(), lasts.unwrap_or_default())
    }

    /// A page, scrolled no further than to its end.
    fn page(&mut self, frame: &mut Frame<'_>, area: Rect, page: Page) {
        let lines = self.text(page, usize::from(area.width), true);
        let most = lines.len().saturating_sub(usize::from(area.height));
        self.scroll = self.scroll.min(most);
        let shown: Vec<Line<'static>> =
            lines.into_iter().skip(self.scroll).take(usize::from(area.height)).collect();
        frame.render_widget(Paragraph::new(shown), area);
    }

    /// The text of a page.
    fn text(&self, page: Page, columns: usize, wide: bool) -> Vec<Line<'static>> {
        if page == Page::Help {
            return self.help();
        }
        let Some(update) = self.board.last() else { return Vec::new() };
        let options = TextOptions {
            lang: self.look.lang,
            color: self.look.color,
            width: columns,
            wide,
            ..TextOptions::default()
        };
        let mut lines = Vec::new();
        let mut about = (&update.diagnosis, self.entry().map(|e| &e.incident));
        if page.of_incident()
            && let Some(looked) = self.closer()
        {
            about.0 = &looked.diagnosis;
            about.1 = looked.diagnosis.incidents.iter().find(|i| i.id == looked.id).or(about.1);
            lines.extend(self.closer_words(&clock(looked.at), &looked.explained, wide));
        } else if page.of_incident() && self.looking.is_some() && self.looking == self.chosen {
            let words = self.words.pick("looking closer …", "正在进一步查看 …");
            lines.push(Line::styled(words, Self::dim()));
        }
        let (d, incident) = about;
        let text = match (page, incident) {
            (Page::Incident, Some(i)) => part(d, Part::Incident(i), &options),
            (Page::Evidence, Some(i)) => part(d, Part::Evidence(i), &options),
            (Page::Fixes, Some(i)) => part(d, Part::Fixes(i), &options),
            (Page::Gaps, _) => part(d, Part::Gaps, &options),
            (Page::Notes, _) => part(d, Part::Notes, &options),
            _ => String::new(),
        };
        if text.is_empty() {
            lines.push(Line::styled(self.words.pick("nothing", "无"), Self::dim()));
        }
        lines.extend(ansi::lines(&text));
        lines
    }

    fn closer_words(&self, at: &str, explained: &str, wide: bool) -> Vec<Line<'static>> {
        let words = self.words.pick("looked closer at", "已进一步查看，时间");
        let mut lines = vec![Line::styled(format!("{words} {at}"), Self::dim())];
        if wide {
            lines.extend(
                explained.lines().map(|l| Line::styled(kubecause_report::clean(l).into_owned(), Self::dim())),
            );
            lines.push(Line::raw(""));
        }
        lines
    }

    fn help(&self) -> Vec<Line<'static>> {
        let keys = [
            ("↑ ↓ j k", "choose an incident, or scroll", "选择故障，或滚动"),
            ("Enter", "the incident in full", "故障详情"),
            ("e", "its evidence", "证据"),
            ("f", "what to do, step by step", "修复步骤"),
            ("l", "look closer at it: logs, kubelets (reads only)", "进一步查看：日志、kubelet（只读）"),
            ("g", "what was not seen", "没能查看的地方"),
            ("n", "notes, and what has no known cause", "提示，以及原因不明的异常"),
            ("/", "only incidents that hold a text", "按文字筛选"),
            ("Esc", "back", "返回"),
            ("q", "end; the exit code says what was last seen", "退出，退出码为最后的结果"),
        ];
        keys.iter()
            .map(|(key, en, zh)| {
                let pad = " ".repeat(10usize.saturating_sub(width(key)));
                Line::raw(format!("  {key}{pad}{}", self.words.pick(*en, *zh)))
            })
            .collect()
    }

    /// What keys do, as far as there is room; or the filter while it is typed.
    fn foot(&self, columns: usize) -> Line<'static> {
        if self.typing {
            return Line::raw(format!("/{}█", self.filter));
        }
        let keys = if self.page.is_some() {
            self.words.pick(
                "↑↓ scroll  Esc back  e evidence  f fixes  l look closer  g not seen  n notes  q quit",
                "↑↓ 滚动  Esc 返回  e 证据  f 修复  l 进一步查看  g 未查看  n 提示  q 退出",
            )
        } else {
            self.words.pick(
                "↑↓ choose  Enter open  e evidence  f fixes  l look closer  g not seen  n notes  / filter  ? help  q quit",
                "↑↓ 选择  Enter 打开  e 证据  f 修复  l 进一步查看  g 未查看  n 提示  / 筛选  ? 帮助  q 退出",
            )
        };
        let filter = if self.filter.is_empty() { String::new() } else { format!("/{}  ", self.filter) };
        Line::styled(cut(&format!("{filter}{keys}"), columns), Self::dim())
    }
}
