// SPDX-License-Identifier: Apache-2.0
// Thirty processes in a chain whose records are wider than a thousand bits, with a side stream of
// each to the next, and credits that go back from the last process to the first.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

namespace {

enum : int { kCredits = 24 };

struct Inner {
    ap_uint<128> address;
    ap_uint<17> port;
    ap_uint<1> good;
};
struct Record {
    ap_uint<1024> header;
    Inner source;
    Inner destination;
    ap_uint<7> hops;
};
struct Note {
    ap_uint<7> hop;
    ap_uint<9> value;
};

template <int N>
void stage(hls::stream<Record>& in,
           hls::stream<Note>& notes_in,
           hls::stream<Record>& out,
           hls::stream<Note>& notes_out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ap_uint<9> seen = 0;
#pragma HLS RESET variable = seen
    Note note = {0, 0};
    if (!notes_in.empty()) {
        note = notes_in.read();
        seen = seen + note.value;
    }
    if (in.empty()) {
        return;
    }
    Record record = in.read();
    record.hops = record.hops + 1;
    record.header.range(16 * N + 15, 16 * N) =
        ap_uint<16>(fpvs::slice<16 * N + 15, 16 * N>(record.header) + seen);
    record.source.port = record.source.port ^ note.value;
    record.destination.good = record.source.port > record.destination.port ? 1 : 0;
    out.write(record);
    note.hop = N;
    note.value = record.hops + N;
    notes_out.write(note);
}

// Takes a word only with a credit in hand.
void first(hls::stream<ap_uint<512>>& in,
           hls::stream<ap_uint<4>>& credits,
           hls::stream<Record>& out,
           hls::stream<Note>& notes) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ap_uint<8> left = kCredits;
#pragma HLS RESET variable = left
    // What is in hand decides, not what is just coming back: the loop stays short.
    const bool takes = left != 0 && !in.empty();
    const bool returned = !credits.empty();
    if (returned) {
        credits.read();
    }
    if (takes) {
        const ap_uint<512> word = in.read();
        Record record;
        record.header = fpvs::cat(word, word);
        record.source.address = fpvs::slice<127, 0>(word);
        record.source.port = fpvs::slice<16, 0>(word);
        record.source.good = word[40];
        record.destination.address = fpvs::slice<255, 128>(word);
        record.destination.port = fpvs::slice<144, 128>(word);
        record.destination.good = word[41];
        record.hops = 0;
        out.write(record);
        if (word[42]) {
            Note note = {0, fpvs::slice<8, 0>(word)};
            notes.write(note);
        }
    }
    if (takes && !returned) {
        left = left - 1;
    } else if (!takes && returned) {
        left = left + 1;
    }
}

void last(hls::stream<Record>& in,
          hls::stream<Note>& notes,
          hls::stream<ap_uint<4>>& credits,
          hls::stream<ap_uint<512>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ap_uint<16> noted = 0;
#pragma HLS RESET variable = noted
    if (!notes.empty()) {
        const Note note = notes.read();
        noted = noted + note.value;
    }
    if (in.empty()) {
        return;
    }
    const Record record = in.read();
    credits.write(1);
    out.write(fpvs::slice<511, 0>(record.header) ^ fpvs::slice<1023, 512>(record.header) ^
              fpvs::cat(record.hops,
                        record.destination.good,
                        record.source.port,
                        record.source.address,
                        record.destination.address));
}

void adapter(hls::stream<ap_uint<512>>& in, hls::stream<ap_uint<512>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(in);
    out.write(in.read());
}

}  // namespace

void top(hls::stream<ap_uint<512>>& in, hls::stream<ap_uint<512>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS DATAFLOW disable_start_propagation
    static hls::stream<ap_uint<512>> words("words");
    static hls::stream<ap_uint<4>> credits("credits");
#pragma HLS STREAM variable = credits depth = kCredits
    static hls::stream<Record> r0("r0");
    static hls::stream<Note> n0("n0");
    static hls::stream<Record> r1("r1");
    static hls::stream<Note> n1("n1");
    static hls::stream<Record> r2("r2");
    static hls::stream<Note> n2("n2");
    static hls::stream<Record> r3("r3");
    static hls::stream<Note> n3("n3");
    static hls::stream<Record> r4("r4");
    static hls::stream<Note> n4("n4");
    static hls::stream<Record> r5("r5");
    static hls::stream<Note> n5("n5");
    static hls::stream<Record> r6("r6");
    static hls::stream<Note> n6("n6");
    static hls::stream<Record> r7("r7");
    static hls::stream<Note> n7("n7");
    static hls::stream<Record> r8("r8");
    static hls::stream<Note> n8("n8");
    static hls::stream<Record> r9("r9");
    static hls::stream<Note> n9("n9");
    static hls::stream<Record> r10("r10");
    static hls::stream<Note> n10("n10");
    static hls::stream<Record> r11("r11");
    static hls::stream<Note> n11("n11");
    static hls::stream<Record> r12("r12");
    static hls::stream<Note> n12("n12");
    static hls::stream<Record> r13("r13");
    static hls::stream<Note> n13("n13");
    static hls::stream<Record> r14("r14");
    static hls::stream<Note> n14("n14");
    static hls::stream<Record> r15("r15");
    static hls::stream<Note> n15("n15");
    static hls::stream<Record> r16("r16");
    static hls::stream<Note> n16("n16");
    static hls::stream<Record> r17("r17");
    static hls::stream<Note> n17("n17");
    static hls::stream<Record> r18("r18");
    static hls::stream<Note> n18("n18");
    static hls::stream<Record> r19("r19");
    static hls::stream<Note> n19("n19");
    static hls::stream<Record> r20("r20");
    static hls::stream<Note> n20("n20");
    static hls::stream<Record> r21("r21");
    static hls::stream<Note> n21("n21");
    static hls::stream<Record> r22("r22");
    static hls::stream<Note> n22("n22");
    static hls::stream<Record> r23("r23");
    static hls::stream<Note> n23("n23");
    static hls::stream<Record> r24("r24");
    static hls::stream<Note> n24("n24");
    static hls::stream<Record> r25("r25");
    static hls::stream<Note> n25("n25");
    static hls::stream<Record> r26("r26");
    static hls::stream<Note> n26("n26");
    static hls::stream<Record> r27("r27");
    static hls::stream<Note> n27("n27");
    static hls::stream<Record> r28("r28");
    static hls::stream<Note> n28("n28");

    adapter(in, words);
    first(words, credits, r0, n0);
    stage<0>(r0, n0, r1, n1);
    stage<1>(r1, n1, r2, n2);
    stage<2>(r2, n2, r3, n3);
    stage<3>(r3, n3, r4, n4);
    stage<4>(r4, n4, r5, n5);
    stage<5>(r5, n5, r6, n6);
    stage<6>(r6, n6, r7, n7);
    stage<7>(r7, n7, r8, n8);
    stage<8>(r8, n8, r9, n9);
    stage<9>(r9, n9, r10, n10);
    stage<10>(r10, n10, r11, n11);
    stage<11>(r11, n11, r12, n12);
    stage<12>(r12, n12, r13, n13);
    stage<13>(r13, n13, r14, n14);
    stage<14>(r14, n14, r15, n15);
    stage<15>(r15, n15, r16, n16);
    stage<16>(r16, n16, r17, n17);
    stage<17>(r17, n17, r18, n18);
    stage<18>(r18, n18, r19, n19);
    stage<19>(r19, n19, r20, n20);
    stage<20>(r20, n20, r21, n21);
    stage<21>(r21, n21, r22, n22);
    stage<22>(r22, n22, r23, n23);
    stage<23>(r23, n23, r24, n24);
    stage<24>(r24, n24, r25, n25);
    stage<25>(r25, n25, r26, n26);
    stage<26>(r26, n26, r27, n27);
    stage<27>(r27, n27, r28, n28);
    last(r28, n28, credits, out);
}
