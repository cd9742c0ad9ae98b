import pytest


@pytest.mark.parametrize("text", ["", " \n\t", "one\r\ntwo\n", "\x00\x1b[0m", "日本語 🧬", "a" * 100_000])
def test_text_file_is_one_document(read, text):
    (doc,) = read("folder/note.txt", text)
    assert (doc.doc_id, doc.text, doc.title, doc.line) == ("note", text, None, 1)


def test_text_file_loses_its_byte_order_mark_only(read):
    assert read("a.txt.gz", b"\xef\xbb\xbf\xef\xbb\xbfa")[0].text == "\ufeffa"
