//! Where everything of a letter stands on paper.
//!
//! Owns places and sizes. The address stands in the window of a DL envelope once the page is folded
//! in three (DIN 5008, form B: 20 mm from the left, 45 to 90 mm from the top, 85 mm wide). What
//! does not fit goes on to another page; the slip is never parted.

use super::picture::Picture;
use super::sheet::{HEIGHT, Ink, MM, PICTURES_MAX, Sheet, WIDTH};
use super::typeface::Face;
use super::{Letter, Slip};
use crate::Locale;
use crate::wording::Row;

const LEFT: f32 = 20.0 * MM;
const TEXT_WIDTH: f32 = WIDTH - 2.0 * LEFT;
/// The last baseline of a page.
const BOTTOM: f32 = HEIGHT - 18.0 * MM;
/// The first baseline of a page after the first.
const TOP_OF_NEXT: f32 = 25.0 * MM;
const WINDOW_TOP: f32 = 52.0 * MM;
const WINDOW_WIDTH: f32 = 85.0 * MM;
/// Most lines that show in the window.
const WINDOW_LINES_MAX: usize = 7;
/// Baseline of the day, below the window.
const DAY_TOP: f32 = 98.0 * MM;
/// Side of the QR Code: about 0.6 mm a module, which any phone reads from paper.
const QR_SIDE: f32 = 46.0 * MM;
/// Side of the page's QR Code, which has fewer modules.
const PAGE_QR_SIDE: f32 = 26.0 * MM;
/// Which picture is which.
const CODE_PICTURE: usize = 0;
const PAGE_PICTURE: usize = 1;
/// Where the folds of a page in three are.
const FOLDS: [f32; 2] = [105.0 * MM, 210.0 * MM];

const BODY: f32 = 10.0;
const SMALL: f32 = 8.5;
const CODE: f32 = 8.0;
/// Height of a line, as a multiple of its size.
const LEADING: f32 = 1.38;

const BLACK: Ink = [0x11, 0x18, 0x27];
const GRAY: Ink = [0x4b, 0x55, 0x63];
const LINE: Ink = [0x9c, 0xa3, 0xaf];

/// The letter as PDF.
pub(super) fn pdf(
    letter: &Letter,
    [code, page]: [Option<&Picture>; PICTURES_MAX],
    brand: Ink,
    locale: Locale,
) -> Vec<u8> {
    let mut pen = Pen { sheet: Sheet::new(), top: 0.0, page_qr: page.is_some() };
    pen.head(letter, brand);
    pen.line(&letter.heading, Face::Bold, 13.0, BLACK);
    pen.space(4.0);
    for paragraph in &letter.paragraphs {
        pen.paragraph(paragraph, BODY, BLACK);
        pen.space(5.0);
    }
    pen.space(3.0);
    pen.rows(&letter.facts);
    pen.space(6.0);
    let (title, rows, total) = &letter.breakdown;
    pen.table(title, rows, total);
    match &letter.slip {
        Some(slip) => pen.slip(slip, letter),
        None => {
            pen.space(8.0);
            pen.page_link(&letter.link);
        }
    }
    pen.space(6.0);
    for text in &letter.closing {
        pen.paragraph(text, SMALL, GRAY);
    }
    // Whoever holds the last page alone sees that there are others.
    if pen.sheet.pages() > 1 {
        let number = pen.sheet.pages().to_string();
        pen.sheet.text((WIDTH - LEFT, HEIGHT - 10.0 * MM), &number, Face::Regular, SMALL, GRAY);
    }
    let title = format!("{} ({})", letter.heading, letter.sender);
    pen.sheet.finish(&title, locale.as_str(), [code, page])
}

/// A sheet and how far down its page is written.
struct Pen {
    sheet: Sheet,
    /// Bottom of what was written, in points from the upper edge.
    top: f32,
    /// The address of the page has a picture beside it.
    page_qr: bool,
}

impl Pen {
    /// Sender, address window, folds and day.
    fn head(&mut self, letter: &Letter, brand: Ink) {
        self.sheet.bar((0.0, 0.0), (WIDTH, 3.0 * MM), brand);
        self.top = 16.0 * MM;
        self.lines(LEFT, &Face::Bold.wrap(&letter.sender, 15.0, TEXT_WIDTH), Face::Bold, 15.0);
        if let Some(text) = &letter.sender_document {
            self.line(text, Face::Regular, SMALL, GRAY);
        }
        let wrap = |text: &String| Face::Regular.wrap(text, BODY, WINDOW_WIDTH);
        let mut address: Vec<_> = letter.address.iter().flat_map(wrap).collect();
        // The last line is the postal code, which the post needs most.
        if address.len() > WINDOW_LINES_MAX {
            address.drain(WINDOW_LINES_MAX - 1..address.len() - 1);
        }
        self.top = WINDOW_TOP;
        self.lines(LEFT, &address, Face::Regular, BODY);
        for fold in FOLDS {
            self.sheet.rule((4.0 * MM, fold), 4.0 * MM, false, LINE);
        }
        self.top = DAY_TOP;
        if let Some(day) = &letter.day {
            let left = WIDTH - LEFT - Face::Regular.width(day, BODY);
            self.sheet.text((left, DAY_TOP), day, Face::Regular, BODY, BLACK);
        }
        self.space(4.0);
    }

    fn space(&mut self, points: f32) {
        self.top += points;
    }

    /// Goes to a new page unless `height` is left on this one.
    fn need(&mut self, height: f32) {
        if self.top + height > BOTTOM {
            self.sheet.turn();
            self.top = TOP_OF_NEXT;
        }
    }

    fn lines(&mut self, left: f32, lines: &[String], face: Face, size: f32) {
        for text in lines {
            self.need(size * LEADING);
            self.top += size * LEADING;
            self.sheet.text((left, self.top), text, face, size, BLACK);
        }
    }

    fn line(&mut self, text: &str, face: Face, size: f32, ink: Ink) {
        for text in face.wrap(text, size, TEXT_WIDTH) {
            self.need(size * LEADING);
            self.top += size * LEADING;
            self.sheet.text((LEFT, self.top), &text, face, size, ink);
        }
    }

    fn paragraph(&mut self, text: &str, size: f32, ink: Ink) {
        self.line(text, Face::Regular, size, ink);
    }

    /// Labels on the left, values beside them.
    fn rows(&mut self, rows: &[Row]) {
        const VALUE_LEFT: f32 = LEFT + 58.0 * MM;
        for row in rows {
            let label = Face::Regular.wrap(&row.label, BODY, VALUE_LEFT - LEFT - 8.0);
            let value = Face::Regular.wrap(&row.value, BODY, WIDTH - LEFT - VALUE_LEFT);
            for at in 0..label.len().max(value.len()) {
                self.need(BODY * LEADING);
                self.top += BODY * LEADING;
                let pairs = [(LEFT, label.get(at), GRAY), (VALUE_LEFT, value.get(at), BLACK)];
                for (left, text, ink) in pairs {
                    if let Some(text) = text {
                        self.sheet.text((left, self.top), text, Face::Regular, BODY, ink);
                    }
                }
            }
        }
    }

    /// What the amount is made up of, values to the right, the total in bold.
    fn table(&mut self, title: &str, rows: &[Row], total: &Row) {
        self.need(3.0 * BODY * LEADING);
        self.line(title, Face::Bold, BODY, BLACK);
        self.space(3.0);
        for row in rows {
            self.pair(row, Face::Regular);
        }
        self.sheet.rule((LEFT, self.top + 4.0), TEXT_WIDTH, false, LINE);
        self.space(5.0);
        self.pair(total, Face::Bold);
    }

    fn pair(&mut self, row: &Row, face: Face) {
        self.need(BODY * LEADING);
        self.top += BODY * LEADING;
        let left = WIDTH - LEFT - face.width(&row.value, BODY);
        self.sheet.text((LEFT, self.top), &row.label, face, BODY, BLACK);
        self.sheet.text((left, self.top), &row.value, face, BODY, BLACK);
    }

    /// The QR Code, what it pays beside it, the code and the link beneath; whole on one page.
    fn slip(&mut self, slip: &Slip, letter: &Letter) {
        let code = Face::Mono.break_anywhere(&slip.code.value, CODE, TEXT_WIDTH);
        let link = Face::Regular.break_anywhere(&letter.link.value, SMALL, TEXT_WIDTH);
        let lines = code.len() + link.len() + 4;
        let page_qr = if self.page_qr { PAGE_QR_SIDE } else { 0.0 };
        self.need(QR_SIDE + page_qr + 14.0 * MM + lines as f32 * SMALL * LEADING);
        self.space(5.0 * MM);
        self.sheet.rule((LEFT, self.top), TEXT_WIDTH, true, LINE);
        self.space(4.0 * MM);
        let upper = self.top;
        self.sheet.picture(CODE_PICTURE, (LEFT, upper), QR_SIDE);
        self.beside(slip);
        self.top = self.top.max(upper + QR_SIDE) + 2.0;
        self.line(&slip.code.label, Face::Bold, SMALL, BLACK);
        self.lines(LEFT, &code, Face::Mono, CODE);
        self.space(4.0);
        self.page_link(&letter.link);
    }

    /// What stands to the right of the QR Code.
    fn beside(&mut self, slip: &Slip) {
        const BESIDE: f32 = LEFT + QR_SIDE + 6.0 * MM;
        const BESIDE_WIDTH: f32 = WIDTH - LEFT - BESIDE;
        let mut put = |text: &str, face: Face, size: f32, ink: Ink| {
            for text in face.wrap(text, size, BESIDE_WIDTH) {
                self.top += size * LEADING;
                self.sheet.text((BESIDE, self.top), &text, face, size, ink);
            }
        };
        put(&slip.scan, Face::Bold, BODY, BLACK);
        put(&slip.amount.label, Face::Regular, SMALL, GRAY);
        put(&slip.amount.value, Face::Bold, 17.0, BLACK);
        for row in &slip.facts {
            let text = match row.label.is_empty() {
                true => row.value.clone(),
                false => format!("{}: {}", row.label, row.value),
            };
            put(&text, Face::Regular, BODY, BLACK);
        }
        for note in &slip.notes {
            put(note, Face::Regular, SMALL, GRAY);
        }
    }

    /// The page's address in full, which also opens it where the letter is read on a screen.
    fn page_link(&mut self, link: &Row) {
        let beside = if self.page_qr { PAGE_QR_SIDE + 6.0 * MM } else { 0.0 };
        let (left, width) = (LEFT + beside, TEXT_WIDTH - beside);
        if self.page_qr {
            self.need(PAGE_QR_SIDE);
        }
        let upper = self.top;
        for text in Face::Bold.wrap(&link.label, SMALL, width) {
            self.need(SMALL * LEADING);
            self.top += SMALL * LEADING;
            self.sheet.text((left, self.top), &text, Face::Bold, SMALL, BLACK);
        }
        for text in Face::Regular.break_anywhere(&link.value, SMALL, width) {
            self.need(SMALL * LEADING);
            let size = (Face::Regular.width(&text, SMALL), SMALL * LEADING);
            self.sheet.link((left, self.top + 2.0), size, &link.value);
            self.top += SMALL * LEADING;
            self.sheet.text((left, self.top), &text, Face::Regular, SMALL, BLACK);
        }
        if self.page_qr {
            self.sheet.picture(PAGE_PICTURE, (LEFT, upper), PAGE_QR_SIDE);
            self.top = self.top.max(upper + PAGE_QR_SIDE);
        }
    }
}
