/*
 * A picture as SVG.
 *
 * Colours are plain in each class and said anew for dark, without variables: what turns pictures into print knows
 * those, and takes the light ones. Each level has a colour and a height, so that it needs no colour to be told.
 *
 * SPDX-License-Identifier: MIT
 */
#include "svg.h"

static const char style[] =
    "<style>\n"
    "text { font: 12px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #57606a }\n"
    ".title { font-size: 17px; font-weight: 600; fill: #1b1f24 }\n"
    ".name { font-size: 13px; font-weight: 600; fill: #1b1f24 }\n"
    ".name-left { font-size: 13px; font-weight: 600; fill: #1b1f24; text-anchor: end }\n"
    ".left { text-anchor: end }\n"
    ".middle { text-anchor: middle }\n"
    ".on-band { font-size: 11px; fill: #1b1f24; text-anchor: middle }\n"
    ".mark { font-size: 11px }\n"
    ".paper { fill: #ffffff }\n"
    ".panel { fill: #f6f8fa }\n"
    ".grid { stroke: #d8dee4 }\n"
    ".frame { stroke: #8c959f }\n"
    ".curve { fill: none; stroke: #1f5fa8; stroke-width: 1.4; stroke-linejoin: round }\n"
    ".dot { fill: #1f5fa8 }\n"
    ".hatch { stroke: #8c959f; stroke-width: 1.2; opacity: 0.55 }\n"
    ".full { fill: #9fd3b2 } .reduced { fill: #f0cd62 } .low { fill: #ee9453 } .fallback { fill: "
    "#cf4a41 }\n"
    ".line-full { stroke: #2c8a52 } .line-reduced { stroke: #a87b00 }\n"
    ".line-low { stroke: #c2571a } .line-fallback { stroke: #b3261e }\n"
    ".threshold { stroke-dasharray: 5 3; stroke-width: 1.1 }\n"
    ".text-full { fill: #22703f } .text-reduced { fill: #7d5b00 }\n"
    ".text-low { fill: #9c4210 } .text-fallback { fill: #a31f18 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #a3abb5 }\n"
    ".title, .name, .name-left, .on-band { fill: #e6edf3 }\n"
    ".paper { fill: #0d1117 } .panel { fill: #161b22 }\n"
    ".grid { stroke: #2b323a } .frame { stroke: #6e7681 }\n"
    ".curve { stroke: #6cb6ff } .dot { fill: #6cb6ff }\n"
    ".hatch { stroke: #8b949e }\n"
    ".full { fill: #2a6a45 } .reduced { fill: #947211 } .low { fill: #b55a1c } .fallback { fill: "
    "#c2362f }\n"
    ".line-full { stroke: #4fb37a } .line-reduced { stroke: #d3a72d }\n"
    ".line-low { stroke: #e8833f } .line-fallback { stroke: #f2665e }\n"
    ".text-full { fill: #6cc795 } .text-reduced { fill: #dcb64a }\n"
    ".text-low { fill: #ee9658 } .text-fallback { fill: #f7847d }\n"
    "}\n"
    "</style>\n"
    "<defs><pattern id=\"silence\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\">"
    "<line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern></defs>\n";

/* XML's own marks, and what it does not allow, are not taken over as they are. */
static void put_escaped(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '&')
            fputs("&amp;", out);
        else if (byte == '<')
            fputs("&lt;", out);
        else if (byte == '>')
            fputs("&gt;", out);
        else
            fputc(byte < ' ' || byte > '~' ? '?' : byte, out);
    }
}

void svg_open(FILE *out, double width, double height) {
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n",
            width, height, width, height);
    fputs(style, out);
    svg_rect(out, "paper", 0, 0, width, height);
}

void svg_close(FILE *out) {
    fputs("</svg>\n", out);
}

static void rect_open(FILE *out, const char *class, double x, double y, double width, double height) {
    fprintf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", class, x, y,
            width, height);
}

void svg_rect(FILE *out, const char *class, double x, double y, double width, double height) {
    rect_open(out, class, x, y, width, height);
    fputs("/>\n", out);
}

void svg_rect_tip(FILE *out, const char *class, double x, double y, double width, double height,
                  const char *tip) {
    rect_open(out, class, x, y, width, height);
    fputs("><title>", out);
    put_escaped(out, tip);
    fputs("</title></rect>\n", out);
}

void svg_hatch(FILE *out, double x, double y, double width, double height) {
    fprintf(out, "<rect fill=\"url(#silence)\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            x, y, width, height);
}

void svg_line(FILE *out, const char *class, double x1, double y1, double x2, double y2) {
    fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class, x1, y1,
            x2, y2);
}

void svg_dot(FILE *out, const char *class, double x, double y) {
    fprintf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"1.7\"/>\n", class, x, y);
}

void svg_text(FILE *out, const char *class, double x, double y, const char *text) {
    fprintf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
    put_escaped(out, text);
    fputs("</text>\n", out);
}
