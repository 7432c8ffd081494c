//! Pictures are read back with an independent decoder.

use super::{PNG_PIXELS_PER_MODULE, QUIET_ZONE_MODULES, QrError, TEXT_CHARS_MAX, png, svg};

/// A dynamic code with recurrence, about the longest in daily use.
const CODE: &str = "00020101021226810014br.gov.bcb.pix2559pix.example.com/qr/v2/cobv/\
    0123456789abcdef0123456789abcdef5204000053039865802BR5909ACME LTDA6009SAO PAULO62070503***\
    80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/fedcba9876543210fedcba98765432106304606B";

/// What the one QR Code in this picture says; `is_dark(x, y)` for each of `side` squared pixels.
fn decode(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        255 * u8::from(!is_dark(x, y))
    });
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "one symbol in the picture");
    let (meta, text) = grids[0].decode().unwrap();
    assert_eq!(meta.ecc_level, 0, "level M");
    text
}

fn decode_png(file: &[u8]) -> String {
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut rows = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rows).unwrap();
    assert_eq!(
        (info.color_type, info.bit_depth),
        (::png::ColorType::Grayscale, ::png::BitDepth::One)
    );
    let side = info.width as usize;
    assert_eq!(side, info.height as usize);
    let is_dark = |x: usize, y: usize| rows[y * info.line_size + x / 8] & (0x80 >> (x % 8)) == 0;
    let quiet = QUIET_ZONE_MODULES * PNG_PIXELS_PER_MODULE;
    assert!((0..side).all(|x| (0..quiet).all(|y| !is_dark(x, y) && !is_dark(y, x))), "quiet zone");
    assert!(is_dark(quiet, quiet), "the finder starts right after the quiet zone");
    decode(side, is_dark)
}

/// The rectangles of the SVG's second path, painted four pixels a module.
fn decode_svg(document: &str) -> String {
    const PIXELS: usize = 4;
    let (_, view_box) = document.split_once("viewBox=\"0 0 ").unwrap();
    let side: usize = view_box.split(' ').next().unwrap().parse().unwrap();
    let path = document.rsplit_once("d=\"").unwrap().1.split_once('"').unwrap().0;
    let mut dark = vec![false; side * side];
    for run in path.split('z').filter(|run| !run.is_empty()) {
        let numbers: Vec<usize> = run
            .split(|sign: char| !sign.is_ascii_digit())
            .filter(|digits| !digits.is_empty())
            .map(|digits| digits.parse().unwrap())
            .collect();
        let [x, y, width, height, back] = numbers[..] else { panic!("{run}") };
        assert_eq!((height, back), (1, width), "{run}");
        dark[y * side + x..][..width].fill(true);
    }
    decode(side * PIXELS, |x, y| dark[y / PIXELS * side + x / PIXELS])
}

#[test]
fn both_pictures_say_the_text() {
    let longest = "A1*".repeat(TEXT_CHARS_MAX)[..TEXT_CHARS_MAX].to_owned();
    for text in [CODE, "x", "http://127.0.0.1:8080/p/abc", longest.as_str()] {
        assert_eq!(decode_png(&png(text).unwrap()), text);
        assert_eq!(decode_svg(&svg(text).unwrap()), text);
    }
}

#[test]
fn the_picture_has_a_name_and_does_not_spell_the_code() {
    let document = svg(CODE).unwrap();
    assert!(document.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "));
    assert!(document.contains("role=\"img\" aria-label=\"QR Code Pix\""));
    assert!(document.contains("shape-rendering=\"crispEdges\""));
    assert!(!document.contains("pix.example.com"));
}

#[test]
fn pictures_stay_small_enough_for_mail() {
    assert!(png(CODE).unwrap().len() < 4_000);
    assert!(svg(CODE).unwrap().len() < 40_000);
}

#[test]
fn empty_and_over_long_texts_are_refused() {
    assert!(matches!(svg(""), Err(QrError::Empty)));
    assert!(matches!(png(""), Err(QrError::Empty)));
    let over = "é".repeat(TEXT_CHARS_MAX + 1);
    assert!(matches!(svg(&over), Err(QrError::TooLong)));
    assert!(matches!(png(&over), Err(QrError::TooLong)));
    assert!(png(&over[2..]).is_ok(), "the limit counts characters");
}
