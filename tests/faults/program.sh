# A training that is a formula: `program.sh LEARNING_RATE OPTIMIZER`. It goes on from its checkpoint.
done=0
[ -f "$KLAYER_CHECKPOINTS/step" ] && done=$(cat "$KLAYER_CHECKPOINTS/step")
step=$((done + 1))
while [ "$step" -le 4 ]; do
    sleep 0.05
    awk -v rate="$1" -v kind="$2" -v step="$step" -v seed="$KLAYER_SEED" 'BEGIN {
        far = log(rate) / log(10) + 2
        noise = (seed % 1000) / 10000
        printf "{\"step\": %d, \"loss\": %.12f}\n", step, far * far + (kind == "plain") / step + noise
    }' >> "$KLAYER_REPORT"
    echo "$step" > "$KLAYER_CHECKPOINTS/step"
    step=$((step + 1))
done
