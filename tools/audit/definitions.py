"""Definitions at namespace scope in C++ text: enough of the language for sources in the house's style."""
import re


def blank_out(text):
    """The text without comments, contents of literals, and preprocessor lines; line breaks stay."""
    def keep_lines(match):
        return "\n" * match.group(0).count("\n")
    text = re.sub(r'R"(\w*)\((?:.|\n)*?\)\1"', keep_lines, text)
    text = re.sub(r"/\*(?:.|\n)*?\*/|//[^\n]*", keep_lines, text)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    text = re.sub(r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", "0", text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", keep_lines, text, flags=re.M)
    return re.sub(r"\b(?:HWY|CLLM)_[A-Z_]+\b(?!_)", lambda m: m.group(0) if m.group(0) == "HWY_NAMESPACE" else "", text)


def split_commas(text):
    parts, depth, part = [], 0, ""
    for c in text:
        depth += (c in "(<[{") - (c in ")>]}")
        if c == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += c
    return [p for p in parts + [part] if p.strip()]


def parameter_types(text):
    """'const float* x, size_t n = 1' -> 'constfloat*,size_t'"""
    types = []
    for part in split_commas(text):
        part = part.split("=")[0].strip()
        named = re.match(r"(.*[\s*&>])(\w+)$", part)
        types.append(re.sub(r"\s+", "", named.group(1) if named and named.group(1).strip() != "const" else part))
    return ",".join(types)


def define(head):
    """What the text before a brace at namespace scope defines: 'class X', 'X(types)', or None."""
    head = re.sub(r"\s+", " ", re.sub(r"\[\[[^\]]*\]\]|alignas\([^)]*\)", " ", head)).strip()
    if head.startswith(","):  # the rest of a constructor's initializers
        return None
    if head.startswith("template") and re.match(r"template ?<> ?", head):
        return None  # a specialization
    head = re.sub(r"^template ?<(?:[^<>]|<[^<>]*>)*> ?(?:requires [^{]*? )?", "", head)
    kind = re.match(r"(?:enum class|enum|class|struct|union) ((?:\w+::)*\w+)\b(?! ?<)", head)
    if kind:
        return "class " + kind.group(1)
    function = re.match(r"[^=(]*?((?:\w+::)*~?(?:operator ?[^\w\s(]+|\w+)) ?\(", head)
    if function is None:
        return None
    depth, begin = 0, function.end() - 1
    for end in range(begin, len(head)):
        depth += (head[end] == "(") - (head[end] == ")")
        if depth == 0:
            is_const = re.match(r"\)? ?const\b", head[end:]) is not None
            return function.group(1) + "(" + parameter_types(head[begin + 1:end]) + ")" + " const" * is_const
    return None


def definitions(text):
    """(qualified name, line) of the classes and functions that text defines at namespace scope, outside anonymous
    namespaces."""
    text = blank_out(text)
    scopes, inner, head, line, found = [], 0, "", 1, []
    for c in text:
        line += c == "\n"
        if inner > 0:  # inside a definition
            inner += (c == "{") - (c == "}")
            continue
        if c in "{}" and head.count("(") > head.count(")"):  # a default argument
            head += c
        elif c == "{":
            namespace = re.search(r"(?:inline )?\bnamespace\b\s*([\w:]*)\s*$", head)
            if namespace:
                scopes.append(namespace.group(1))
            else:
                inner = 1
                what = define(head)
                if what and "" not in scopes and not re.search(r"\bstatic\b", head.split("(")[0]):
                    kind, name = ("class ", what[6:]) if what.startswith("class ") else ("", what)
                    found.append((kind + "::".join(scopes + [name]), line))
            head = ""
        elif c == "}":
            if scopes:
                scopes.pop()
            head = ""
        elif c == ";":
            head = ""
        else:
            head += c
    return found
