//! Pages of A4 that text, lines and pictures are put on, and their PDF.
//!
//! Owns coordinates (points from the left and from the top), the file's structure, and that the
//! same drawing is the same bytes: no date, no random id. Does not know what a letter says.

use pdf_writer::types::{ActionType, AnnotationType, Predictor};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::picture::{Colours, Picture};
use super::typeface::{Face, win_ansi};

/// Points of a millimetre.
pub(super) const MM: f32 = 72.0 / 25.4;
/// Width and height of A4.
pub(super) const WIDTH: f32 = 210.0 * MM;
pub(super) const HEIGHT: f32 = 297.0 * MM;

/// Most pictures of a document.
pub(super) const PICTURES_MAX: usize = 2;
const PICTURES: [Name<'static>; PICTURES_MAX] = [Name(b"Q"), Name(b"P")];

/// Red, green and blue, each 0 to 255.
pub(super) type Ink = [u8; 3];

/// The pages drawn so far. Never empty.
pub(super) struct Sheet {
    pages: Vec<Page>,
}

struct Page {
    content: Content,
    links: Vec<Link>,
    /// Which pictures it shows.
    pictures: [bool; PICTURES_MAX],
}

/// A part of a page that opens an address.
struct Link {
    area: Rect,
    address: String,
}

impl Page {
    fn new() -> Self {
        Self { content: Content::new(), links: Vec::new(), pictures: [false; PICTURES_MAX] }
    }
}

impl Sheet {
    pub(super) fn new() -> Self {
        Self { pages: vec![Page::new()] }
    }

    /// What is drawn next is drawn on a new page.
    pub(super) fn turn(&mut self) {
        self.pages.push(Page::new());
    }

    pub(super) fn pages(&self) -> usize {
        self.pages.len()
    }

    fn page(&mut self) -> &mut Page {
        self.pages.last_mut().expect("a sheet begins with a page and loses none")
    }

    /// Text with its baseline `top` below the upper edge.
    pub(super) fn text(&mut self, at: (f32, f32), text: &str, face: Face, size: f32, ink: Ink) {
        let (left, top) = at;
        let [red, green, blue] = parts(ink);
        let content = &mut self.page().content;
        content.begin_text().set_fill_rgb(red, green, blue);
        content.set_font(Name(face.resource()), size);
        content.next_line(left, HEIGHT - top);
        content.show(Str(&win_ansi(text))).end_text();
    }

    /// A filled rectangle.
    pub(super) fn bar(&mut self, at: (f32, f32), size: (f32, f32), ink: Ink) {
        let ((left, top), (width, height)) = (at, size);
        let [red, green, blue] = parts(ink);
        let content = &mut self.page().content;
        content.set_fill_rgb(red, green, blue);
        content.rect(left, HEIGHT - top - height, width, height).fill_nonzero();
    }

    /// A level line; a dashed one says where to cut.
    pub(super) fn rule(&mut self, at: (f32, f32), width: f32, dashed: bool, ink: Ink) {
        let (left, top) = at;
        let [red, green, blue] = parts(ink);
        let content = &mut self.page().content;
        content.set_stroke_rgb(red, green, blue).set_line_width(0.6);
        content.set_dash_pattern(if dashed { [3.0, 3.0] } else { [1.0, 0.0] }, 0.0);
        content.move_to(left, HEIGHT - top).line_to(left + width, HEIGHT - top).stroke();
    }

    /// The picture that stands at `nth` when the document is made, as a square.
    pub(super) fn picture(&mut self, nth: usize, at: (f32, f32), side: f32) {
        let ((left, top), Some(name)) = (at, PICTURES.get(nth)) else { return };
        let page = self.page();
        page.pictures[nth] = true;
        page.content.save_state();
        page.content.transform([side, 0.0, 0.0, side, left, HEIGHT - top - side]);
        page.content.x_object(*name).restore_state();
    }

    /// Makes a part of the page open `address`.
    pub(super) fn link(&mut self, at: (f32, f32), size: (f32, f32), address: &str) {
        let ((left, top), (width, height)) = (at, size);
        let area = Rect::new(left, HEIGHT - top - height, left + width, HEIGHT - top);
        self.page().links.push(Link { area, address: address.to_owned() });
    }

    /// The document, as bytes.
    pub(super) fn finish(
        self,
        title: &str,
        lang: &str,
        pictures: [Option<&Picture>; PICTURES_MAX],
    ) -> Vec<u8> {
        let mut next = 0;
        let mut id = || {
            next += 1;
            Ref::new(next)
        };
        let (catalog, tree, info) = (id(), id(), id());
        let pictures = pictures.map(|picture| (id(), picture));
        let fonts = Face::ALL.map(|face| (face, id()));
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree).lang(TextStr(lang));
        pdf.document_info(info).title(TextStr(title));
        for (face, font) in fonts {
            let mut font = pdf.type1_font(font);
            font.base_font(Name(face.base_font())).encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        for (picture_id, picture) in pictures {
            if let Some(picture) = picture {
                write_picture(&mut pdf, picture_id, picture);
            }
        }
        let mut kids = Vec::new();
        for page in self.pages {
            let (page_id, content_id) = (id(), id());
            let links: Vec<_> = page.links.iter().map(|link| (id(), link)).collect();
            write_page(&mut pdf, (page_id, tree, content_id), &links, |resources| {
                let mut list = resources.fonts();
                for (face, font) in fonts {
                    list.pair(Name(face.resource()), font);
                }
                list.finish();
                let mut list = resources.x_objects();
                for (nth, (picture_id, _)) in pictures.iter().enumerate() {
                    if page.pictures[nth] {
                        list.pair(PICTURES[nth], *picture_id);
                    }
                }
            });
            pdf.stream(content_id, &page.content.finish());
            kids.push(page_id);
        }
        let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
        pdf.pages(tree).kids(kids).count(count);
        pdf.finish()
    }
}

fn write_page(
    pdf: &mut Pdf,
    ids: (Ref, Ref, Ref),
    links: &[(Ref, &Link)],
    fill: impl FnOnce(&mut pdf_writer::writers::Resources<'_>),
) {
    let (page_id, tree, content_id) = ids;
    let mut page = pdf.page(page_id);
    page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(content_id);
    page.annotations(links.iter().map(|(link, _)| *link));
    fill(&mut page.resources());
    page.finish();
    for (link_id, link) in links {
        let mut annotation = pdf.annotation(*link_id);
        annotation.subtype(AnnotationType::Link).rect(link.area).border(0.0, 0.0, 0.0, None);
        annotation.action().action_type(ActionType::Uri).uri(Str(link.address.as_bytes()));
    }
}

fn write_picture(pdf: &mut Pdf, id: Ref, picture: &Picture) {
    let mut image = pdf.image_xobject(id, &picture.rows);
    image.width(picture.width).height(picture.height).bits_per_component(picture.bits);
    match &picture.colours {
        Colours::Gray => image.color_space().device_gray(),
        Colours::Rgb => image.color_space().device_rgb(),
        Colours::Palette(palette) => {
            let last = i32::try_from(palette.len() / 3).unwrap_or(1) - 1;
            image.color_space().indexed(Name(b"DeviceRGB"), last, palette);
        }
    }
    image.filter(Filter::FlateDecode);
    let mut rows = image.decode_parms();
    rows.predictor(Predictor::PngOptimum).columns(picture.width);
    rows.colors(picture.colours.samples()).bits_per_component(picture.bits);
}

/// As PDF takes a colour: each part 0 to 1.
fn parts(ink: Ink) -> [f32; 3] {
    ink.map(|part| f32::from(part) / 255.0)
}
