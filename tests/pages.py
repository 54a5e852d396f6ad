"""A report as tests read it."""

from html.parser import HTMLParser

SECTIONS = (
    "answer", "todo", "data", "question", "good", "early", "calibrated", "whom", "alike", "why",
    "made",
)  # fmt: skip
VOID = {"meta"}


class Page(HTMLParser):
    """What a page holds; complains of what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.attributes, self.tags, self.texts = [], [], [], set(), []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *one) for one in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


def read(folder):
    return Page((folder / "report.html").read_text("utf-8"))
