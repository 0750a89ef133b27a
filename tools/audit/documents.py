"""What README and docs/ name is there: files, tests, options, links with their headings."""
import collections
import re

# Folders of the design that are planned.
PLANNED = {"src/interop"}
# Of mpirun, srun and sbatch.
FOREIGN_OPTIONS = {"--bind-to", "--map-by", "--hostfile", "--mca", "--mpi", "--signal", "--kill-on-bad-exit"}
FOLDERS = "src|docs|tests|tools|scripts|bench|fuzz|cmake|include|examples|web"


def pages(root):
    names = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    return [root / name for name in names] + sorted((root / "docs").glob("*.md"))


def slug(heading):
    """The anchor of a heading, as the web shows it."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def anchors(text):
    seen, found = collections.Counter(), set()
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        anchor = slug(heading)
        found.add(anchor if seen[anchor] == 0 else f"{anchor}-{seen[anchor]}")
        seen[anchor] += 1
    return found


def tests(root):
    """Suite.Name of every test, the suite of a parameterized one by its own name."""
    found = set()
    for folder in ("src", "tests", "fuzz"):
        for path in (root / folder).rglob("*_test.cc"):
            text = path.read_text(encoding="utf-8")
            found.update(f"{suite}.{name}" for suite, name in
                         re.findall(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", text, re.M))
    return found


def is_path(root, rooms, name):
    if any(name.startswith(one) or name + "/" == one for one in PLANNED):
        return True
    if "/x_" in name:  # x stands for a name
        return True
    folder = "src/" if name.split("/")[0] in rooms else ""
    places = [f"{folder}{name}{end}" for end in ("", ".cc", ".h")]
    return any(list(root.glob(place.rstrip("/"))) for place in places)


def check_line(root, rooms, line, known_tests, known_options):
    """What a line names and is not there."""
    for span in re.findall(r"`([^`]+)`", line):
        if re.fullmatch(rf"(?:{FOLDERS}|{'|'.join(rooms)})/[\w.*/-]+", span) and not is_path(root, rooms, span):
            yield f"no file {span}"
        if re.fullmatch(r"\w+_test\.cc", span) and not any(root.glob(f"*/**/{span}")):
            yield f"no file {span}"
        if re.match(r"--[a-z]", span):
            for option in re.findall(r"--[a-z][a-z0-9-]*", span):
                if option not in known_options:
                    yield f"no option {option}"
        test = re.fullmatch(r"([A-Z]\w+\.[A-Z]\w*[a-z]\w*)(\*?)", span)
        if test and not any(one == test[1] or test[2] and one.startswith(test[1]) for one in known_tests):
            yield f"no test {span}"
    if re.match(r" {4,}.*\bcllm [a-z]+ ", line):
        for option in re.findall(r" (--[a-z][a-z0-9-]*)", line):
            if option not in known_options:
                yield f"no option {option}"


def check_links(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", line):
            if target.startswith("http"):
                continue
            file = path.parent / target if target else path
            if not file.exists():
                yield number, f"a link to {target}, which is not there"
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
                yield number, f"a link to the heading #{anchor} of {file.name}, which has none"


def check(root, rooms, findings):
    options_page = (root / "docs/options.md").read_text(encoding="utf-8")
    # Those of scripts, and of programs that are named with their options.
    scripts = "\n".join(one.read_text(encoding="utf-8") for one in (root / "scripts").iterdir() if one.is_file())
    known_options = set(re.findall(r"--[a-z][a-z0-9-]*", options_page + scripts))
    known_options |= FOREIGN_OPTIONS | {"--help", "--version", "--name"}
    known_tests = tests(root)
    for path in pages(root):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(root)
        for number, fault in check_links(path, text):
            findings.append(f"{name}:{number}: {fault}")
        planned = False  # a paragraph about what is planned, or a line of a list
        for number, line in enumerate(text.split("\n"), 1):
            planned = planned and line != "" or line.startswith("Planned, not built:")
            if planned or "(planned)" in line:
                continue
            for fault in check_line(root, rooms, line, known_tests, known_options):
                findings.append(f"{name}:{number}: {fault}")
